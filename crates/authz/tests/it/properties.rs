//! What holds in every world.

use proptest::{prelude::*, sample::select};

use authz::{Action, Policy, Subject, escalation};
use model::Envelope;

use crate::naive::Asked;
use crate::worlds::{
    ACTIONS, GROUPS, NARROW, WIDE, World, any_context, any_object, any_path, any_subject,
    any_world, attributes, context, naive, subject,
};

fn policy(world: &World) -> Policy {
    Policy::compile(world.values())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_those_of_the_naive_model(
        world in any_world(WIDE), who in any_subject(), action in select(ACTIONS), path in any_path(),
        context in any_context(),
    ) {
        let subjects: Vec<_> =
            who.entitlements.iter().map(|it| format!("{}:{}", it.claim, it.value)).collect();
        let text = path.to_string();
        let asked = Asked { path: &text, action, context: &context };
        let naive = naive(&world);
        let policy = policy(&world);
        let own = policy.decide(&who, &Action::named(action), &path, &attributes(&context));
        prop_assert_eq!(own.is_allowed(), naive.denial_wins(&subjects, &asked));
        if !naive.any_denied(&subjects, &asked) {
            prop_assert_eq!(own.is_allowed(), naive.one_by_one(&subjects, &asked));
        }
    }

    #[test]
    fn a_list_shows_what_single_decisions_allow(
        world in any_world(WIDE), who in any_subject(), action in select(ACTIONS), path in any_path(),
        context in any_context(),
    ) {
        let policy = policy(&world);
        let action = Action::named(action);
        let reach = policy.reach(&who, &action);
        let allowed = policy.decide(&who, &action, &path, &attributes(&context)).is_allowed();
        if let Some(decided) = reach.decided(&path) {
            prop_assert_eq!(decided, allowed);
        }
        prop_assert!(!reach.is_all_of(&path) || allowed);
        if allowed {
            prop_assert!(reach.places().any(|place| place.contains(&path)));
            prop_assert!(!reach.denied().any(|place| place.contains(&path)));
            let namespaces = reach.namespaces();
            prop_assert!(namespaces.is_none_or(|names| names.contains(path.namespace.as_str())));
        }
    }

    #[test]
    fn a_profile_says_where_an_action_is_allowed_and_denied(
        world in any_world(WIDE), who in any_subject(), action in select(ACTIONS), path in any_path(),
    ) {
        let policy = policy(&world);
        let profile = policy.profile(&who, &path);
        let covers = |places: &[authz::profile::Place], free: bool| {
            places.iter().any(|place| {
                authz::ScopePath::parse(&place.path).is_some_and(|place| place.contains(&path))
                    && (!free || place.constraints.is_none())
            })
        };
        let named = Action::named(action);
        let none = authz::profile::Capability::default();
        let capability = profile.get(action).unwrap_or(&none);
        let allowed = policy.decide(&who, &named, &path, &attributes(&context("a/dev", "web")));
        // The catalogue does not hold the actions of other programs, so no wildcard expands to them.
        if named.known().is_some() {
            prop_assert!(!allowed.is_allowed() || covers(&capability.allowed, false));
        }
        if covers(&capability.allowed, true) && !covers(&capability.denied, false) {
            prop_assert!(allowed.is_allowed());
        }
        prop_assert!(!covers(&capability.denied, true) || !allowed.is_allowed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nobody_gives_what_they_do_not_hold(
        world in any_world(WIDE), writer in any_subject(), write in any_object(WIDE), deletes in any::<bool>(),
    ) {
        gives_no_more(&world, &writer, &write, deletes)?;
    }

    #[test]
    fn nobody_gives_what_they_do_not_hold_where_rules_are_close(
        world in any_world(NARROW), writer in any_subject(), write in any_object(NARROW), deletes in any::<bool>(),
    ) {
        gives_no_more(&world, &writer, &write, deletes)?;
    }
}

fn gives_no_more(
    world: &World,
    writer: &Subject,
    write: &Envelope,
    deletes: bool,
) -> Result<(), TestCaseError> {
    let before = policy(world);
    let new = Some(write).filter(|_| !deletes);
    if escalation::check(&before, writer, world.get(&write.key), new).is_err() {
        return Ok(());
    }
    let mut world = world.clone();
    match new {
        Some(write) => world.insert(write.key.clone(), write.clone()),
        None => world.remove(&write.key),
    };
    no_gain_beyond(&before, &policy(&world), writer)
}

/// Whoever may do something only after a write does what the writer could do before.
fn no_gain_beyond(before: &Policy, after: &Policy, writer: &Subject) -> Result<(), TestCaseError> {
    let places = [
        "*",
        "ns/a",
        "ns/a/project/x",
        "ns/a/project/x/component/y",
        "ns/b/project/y/resource/x",
    ];
    for group in GROUPS {
        let who = subject(&[group]);
        for (action, place) in ACTIONS
            .iter()
            .flat_map(|action| places.map(|place| (action, place)))
        {
            let action = Action::named(action);
            let path = authz::ScopePath::parse(place).unwrap();
            for environment in ["", "a/dev", "a/prod"] {
                let given = attributes(&context(environment, "web"));
                let may =
                    |policy: &Policy, who| policy.decide(who, &action, &path, &given).is_allowed();
                if may(after, &who) && !may(before, &who) {
                    prop_assert!(may(before, writer), "{group} gains {action} in {place}");
                }
            }
        }
    }
    Ok(())
}
