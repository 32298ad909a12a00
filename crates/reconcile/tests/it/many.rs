use crate::harness::{Site, until};

#[tokio::test(flavor = "multi_thread")]
async fn sixty_units_at_once_are_applied_and_so_is_a_change_after_them() {
    let site = Site::new().await;
    let mut agent = site.agent().await;
    let cell = site.unit("cell");
    let mut bundle = site.bundle(&cell, "");
    bundle.objects.truncate(1);
    agent.accept(1, &bundle).await;
    agent.applied(&cell, 1).await;

    let units: Vec<_> = (0..60)
        .map(|index| site.unit(&format!("u{index}")))
        .collect();
    let bundle = |index: usize, value: &str| {
        let mut bundle = site.bundle(&units[index], value);
        bundle.objects.clear();
        site.add(
            &mut bundle,
            model::Policy::Managed,
            crate::harness::deployment(value),
            &format!("web-{index}"),
        );
        bundle
    };
    for index in 0..60 {
        agent.accept(2, &bundle(index, "example.test/web:1")).await;
    }
    let last = units.len() - 1;
    let mut left: std::collections::BTreeSet<_> = units.iter().cloned().collect();
    while !left.is_empty() {
        let report = agent
            .report("that all are applied", |it| {
                it.phase == model::UnitPhase::Applied
            })
            .await;
        left.remove(&report.unit);
    }

    agent.accept(3, &bundle(last, "example.test/web:2")).await;
    until("the change is applied", async || {
        let web = site
            .find("apps/v1", "Deployment", &format!("web-{last}"))
            .await?;
        (web["spec"]["template"]["spec"]["containers"][0]["image"] == "example.test/web:2")
            .then_some(())
    })
    .await;
    agent.stop().await;
}
