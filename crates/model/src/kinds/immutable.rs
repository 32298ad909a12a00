//! Parts of a spec that cannot be changed.

use crate::Diagnostics;

/// Reports `path` if it differs from what it was; `rule` says that it must not.
pub(super) fn check<T: PartialEq>(
    old: Option<&T>,
    new: &T,
    path: &str,
    rule: &str,
    diagnostics: &mut Diagnostics,
) {
    if old.is_some_and(|old| old != new) {
        diagnostics.push_hint(path, rule, "put the old value back, or make another object");
    }
}
