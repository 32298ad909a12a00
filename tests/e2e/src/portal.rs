//! Promote a component in the portal: its page shows how it fares in each environment, and what changes
//! is seen without loading it again.

use anyhow::{Result, ensure};
use xtask::{
    platform::{ports::Listener, sample},
    progress::Progress,
};

use crate::{
    browser::Browser,
    wait,
    world::{LIMIT, World},
};

pub(crate) fn walk(world: &World) -> Result<()> {
    let step = Progress::start().step("browser");
    let browser = Browser::start(&step)?;
    step.done();
    let gateway = world.ports.address(Listener::Gateway);
    let token = sample::admin_token(&world.site())?;
    let page = format!("http://{gateway}/portal/namespaces/default/components/greeter");

    browser.open(&page)?;
    wait::until(LIMIT, "a page without a token asks for one", || {
        let text = browser.text()?;
        ensure!(text.contains("Log in"), "the page says {text:?}");
        Ok(())
    })?;

    browser.open(&format!("{page}#token={token}"))?;
    // Only the part behind '#' is new, which loads nothing by itself.
    browser.run("location.reload()", &[])?;
    wait::until(LIMIT, "the page shows development ready", || {
        let card = environment(&browser, "development")?;
        ensure!(card.contains("Ready"), "development: {card:?}");
        ensure!(card.contains("/greeter-http"), "development: {card:?}");
        Ok(())
    })?;

    browser.run(
        "[...document.querySelectorAll('button')]
            .find((button) => button.textContent === arguments[0]).click()",
        &["Promote to staging"],
    )?;
    let (_, took) = wait::until(LIMIT, "the page shows staging ready", || {
        let card = environment(&browser, "staging")?;
        ensure!(card.contains("Ready"), "staging: {card:?}");
        Ok(())
    })?;
    println!("   development ready on the page; staging ready {took:.1?} after the button");
    world.is_ready("greeter", "staging").map(drop)
}

/// What the page says of an environment.
fn environment(browser: &Browser, name: &str) -> Result<String> {
    let script = "return document.querySelector(`section[aria-label=${arguments[0]}]`)?.innerText ?? document.body.innerText";
    let text = browser.run(script, &[name])?;
    Ok(text.as_str().unwrap_or_default().to_owned())
}
