//! In which object a place of a release is to be mended. Compiling names places in the release, which
//! nobody writes by hand.

use model::{Diagnostic, ObjectKey, kinds::ComponentRelease};

use super::Parts;

/// The object and place of a problem of a component.
pub(super) fn of_component(
    parts: &Parts,
    release: &ComponentRelease,
    diagnostic: &Diagnostic,
) -> (ObjectKey, Diagnostic) {
    let (object, path) = match in_trait(&diagnostic.path) {
        // The place of a trait as a whole: the values that a use of it gives do not fit.
        Some((index, "")) => of_values(parts, release, index, &diagnostic.message),
        _ => place(parts, release, &diagnostic.path),
    };
    let diagnostic = Diagnostic {
        path,
        ..diagnostic.clone()
    };
    (object, diagnostic)
}

/// The object and place that a path in a release stands for. A release that somebody wrote stands for
/// itself.
pub(crate) fn place(parts: &Parts, release: &ComponentRelease, path: &str) -> (ObjectKey, String) {
    if path.starts_with("spec.componentTypeEnvironmentConfigs") {
        return (parts.binding.clone(), path.to_owned());
    }
    if path == "spec.parameters" {
        return (parts.owner.clone(), path.to_owned());
    }
    if let Some(release) = &parts.release {
        return (release.clone(), path.to_owned());
    }
    if let Some(rest) = path.strip_prefix("spec.componentType.spec") {
        return (parts.owner_type.clone(), format!("spec{rest}"));
    }
    if let (Some(rest), Some(workload)) = (path.strip_prefix("spec.workload"), &parts.workload) {
        return (workload.clone(), format!("spec{rest}"));
    }
    match in_trait(path) {
        Some((index, rest)) => {
            let rest = rest.strip_prefix(".spec").unwrap_or(rest);
            (trait_key(parts, release, index), format!("spec{rest}"))
        }
        None => (parts.owner.clone(), path.to_owned()),
    }
}

/// The object and place of a problem of a cell.
pub(super) fn of_cell(parts: &Parts, diagnostic: &Diagnostic) -> (ObjectKey, Diagnostic) {
    let (object, path) = cell_place(parts, &diagnostic.path);
    let diagnostic = Diagnostic {
        path,
        ..diagnostic.clone()
    };
    (object, diagnostic)
}

/// As [`place`], in the release of a project.
pub(crate) fn cell_place(parts: &Parts, path: &str) -> (ObjectKey, String) {
    if path.starts_with("spec.environmentConfigs") {
        return (parts.binding.clone(), path.to_owned());
    }
    if path.starts_with("spec.parameters") {
        return (parts.owner.clone(), path.to_owned());
    }
    if let Some(release) = &parts.release {
        return (release.clone(), path.to_owned());
    }
    match path.strip_prefix("spec.projectType.spec") {
        Some(rest) => (parts.owner_type.clone(), format!("spec{rest}")),
        None => (parts.owner.clone(), path.to_owned()),
    }
}

/// Where the values of a use of a trait are given.
fn of_values(
    parts: &Parts,
    release: &ComponentRelease,
    index: usize,
    message: &str,
) -> (ObjectKey, String) {
    let is_about = |what: &str| message.contains(&format!("{what} validation failed"));
    let embedded = (release.component_type.spec.traits.iter())
        .any(|embedded| names(message, &embedded.name, &embedded.instance_name));
    if embedded {
        place(parts, release, "spec.componentType.spec.traits")
    } else if is_about("environmentConfigs") {
        let path = "spec.traitEnvironmentConfigs".to_owned();
        (parts.binding.clone(), path)
    } else if is_about("parameters") {
        (parts.owner.clone(), "spec.traits".to_owned())
    } else {
        (trait_key(parts, release, index), "spec".to_owned())
    }
}

/// Number of the trait in a release, and the rest of the path.
fn in_trait(path: &str) -> Option<(usize, &str)> {
    let (index, rest) = path.strip_prefix("spec.traits[")?.split_once(']')?;
    Some((index.parse().ok()?, rest))
}

fn trait_key(parts: &Parts, release: &ComponentRelease, index: usize) -> ObjectKey {
    let namespace = parts.owner.namespace.as_deref().unwrap_or_default();
    match release.traits.get(index) {
        Some(snapshot) => snapshot.kind.key(namespace, &snapshot.name),
        None => parts.owner.clone(),
    }
}

fn names(message: &str, name: &str, instance: &str) -> bool {
    let whole = format!(" {name}/{instance}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
    message
        .match_indices(&whole)
        .any(|(at, _)| ends(&message[at + whole.len()..]))
}
