//! Roles and bindings, compiled: who may do what where, indexed by entitlement and by place.
//!
//! A policy is immutable. What is wrong with a role or binding is kept as a [`Problem`], and closed:
//! where a binding that allows is broken it gives nothing, and one that denies takes as much as it
//! may have meant.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use model::{
    Diagnostic, Envelope, KindName, ObjectKey,
    kinds::{AuthzRole, AuthzRoleBinding, authz_role_binding::RoleMapping},
};

use crate::{
    Action, Attributes, Effect, Entitlement, ScopePath, Subject,
    condition::{self, Condition, Outcome},
    path::Step,
    pattern::Patterns,
};

/// Who may do what.
#[derive(Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
    subjects: HashMap<Entitlement, Grants>,
    roles: HashMap<ObjectKey, Arc<Role>>,
    problems: Vec<Problem>,
}

/// What is wrong with a role or a binding that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The object.
    pub object: ObjectKey,
    /// What is wrong with it.
    pub diagnostic: Diagnostic,
}

/// A role with its actions.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) key: ObjectKey,
    pub(crate) actions: Patterns,
}

/// One mapping of a binding.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) binding: Arc<ObjectKey>,
    pub(crate) role: Arc<Role>,
    pub(crate) scope: ScopePath,
    pub(crate) effect: Effect,
    pub(crate) conditions: Vec<Condition>,
}

/// The rules of one entitlement, all of them and by place.
#[derive(Debug, Default)]
struct Grants {
    all: Vec<usize>,
    root: Node,
}

/// The rules that begin at a place, and the places below it by level and name.
#[derive(Debug, Default)]
struct Node {
    rules: Vec<usize>,
    below: [HashMap<String, Self>; Step::COUNT],
}

impl Policy {
    /// Compiles roles and bindings; objects of other kinds are passed over. The order does not matter.
    #[must_use]
    pub fn compile<'a>(objects: impl IntoIterator<Item = &'a Envelope>) -> Self {
        let mut policy = Self::default();
        let mut bindings = BTreeMap::new();
        for object in objects {
            if object.key.kind == KindName::AuthzRole {
                if let Some(role) = policy.decode::<AuthzRole>(object) {
                    policy.add_role(&object.key, &role);
                }
            } else if object.key.kind == KindName::AuthzRoleBinding
                && let Some(binding) = policy.decode::<AuthzRoleBinding>(object)
            {
                bindings.insert(&object.key, binding);
            }
        }
        for (key, binding) in bindings {
            policy.add_binding(key, &binding);
        }
        policy
    }

    /// What is wrong with what was compiled.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether a subject may do and not do the same under both. Says so only if it is certain.
    #[must_use]
    pub fn is_same_for(&self, other: &Self, subject: &Subject) -> bool {
        self.rules_of(subject).eq(other.rules_of(subject))
    }

    pub(crate) fn role(&self, key: &ObjectKey) -> Option<&Role> {
        self.roles.get(key).map(|role| &**role)
    }

    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rules about a subject, wherever they begin.
    pub(crate) fn rules_of<'a>(&'a self, subject: &'a Subject) -> impl Iterator<Item = &'a Rule> {
        let grants = subject
            .entitlements
            .iter()
            .filter_map(|it| self.subjects.get(it));
        grants.flat_map(|grants| grants.all.iter().map(|index| &self.rules[*index]))
    }

    /// The rules about an entitlement that reach a place, from the outside in.
    pub(crate) fn rules_at<'p, 'q>(
        &'p self,
        entitlement: &Entitlement,
        path: &'q ScopePath,
    ) -> impl Iterator<Item = &'p Rule> + use<'p, 'q> {
        let root = self.subjects.get(entitlement).map(|grants| &grants.root);
        let mut steps = path.steps();
        let next = move |node: &&'p Node| {
            let (step, name) = steps.next()?;
            node.below[step as usize].get(name)
        };
        let nodes = std::iter::successors(root, next);
        nodes.flat_map(|node| node.rules.iter().map(|index| &self.rules[*index]))
    }

    fn problem(&mut self, object: &ObjectKey, path: String, message: String) {
        self.problems.push(Problem {
            object: object.clone(),
            diagnostic: Diagnostic {
                path,
                message,
                hint: None,
            },
        });
    }

    fn decode<K: model::Kind>(&mut self, object: &Envelope) -> Option<K> {
        match object.spec::<K>() {
            Ok(spec) => Some(spec),
            Err(error) => {
                self.problem(&object.key, "spec".to_owned(), error.to_string());
                None
            }
        }
    }

    fn add_role(&mut self, key: &ObjectKey, role: &AuthzRole) {
        let role = Role {
            key: key.clone(),
            actions: Patterns::new(&role.actions),
        };
        self.roles.insert(key.clone(), Arc::new(role));
    }

    fn add_binding(&mut self, key: &ObjectKey, binding: &AuthzRoleBinding) {
        let entitlement = &binding.entitlement;
        if entitlement.claim.is_empty() || entitlement.value.is_empty() {
            let message = "claim and value cannot be empty: it is about nobody".to_owned();
            self.problem(key, "spec.entitlement".to_owned(), message);
            return;
        }
        let shared = Arc::new(key.clone());
        for (index, mapping) in binding.role_mappings.iter().enumerate() {
            let path = format!("spec.roleMappings[{index}]");
            let Some(rule) = self.rule(&shared, mapping, binding.effect, &path) else {
                continue;
            };
            let index = self.rules.len();
            let grants = self.subjects.entry(entitlement.clone()).or_default();
            grants.all.push(index);
            grants.root.place(&rule.scope).rules.push(index);
            self.rules.push(rule);
        }
    }

    /// The rule that a mapping is, unless it says nothing.
    fn rule(
        &mut self,
        binding: &Arc<ObjectKey>,
        mapping: &RoleMapping,
        effect: Effect,
        path: &str,
    ) -> Option<Rule> {
        let role = mapping
            .role_ref
            .key(binding.namespace.as_deref().unwrap_or_default());
        let Some(role) = self.roles.get(&role).cloned() else {
            let message = format!("{role} does not exist");
            self.problem(binding, format!("{path}.roleRef"), message);
            return None;
        };
        let (scope, fault) = scope_of(binding, mapping);
        if let Some(fault) = fault {
            self.problem(binding, format!("{path}.scope"), fault.to_owned());
            if effect == Effect::Allow {
                return None;
            }
        }
        let conditions: Vec<_> = mapping.conditions.iter().map(Condition::compile).collect();
        for (index, condition) in conditions.iter().enumerate() {
            if let Some(fault) = condition.fault() {
                let path = format!("{path}.conditions[{index}].expression");
                self.problem(binding, path, fault.to_string());
            }
        }
        Some(Rule {
            binding: Arc::clone(binding),
            role,
            scope,
            effect,
            conditions,
        })
    }
}

/// The place of a mapping as far as its outer parts are all there, and what is wrong with the rest.
pub(crate) fn scope_of(
    binding: &ObjectKey,
    mapping: &RoleMapping,
) -> (ScopePath, Option<&'static str>) {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let parts = &mapping.scope;
    let mut scope = ScopePath {
        namespace: binding
            .namespace
            .clone()
            .unwrap_or_else(|| text(&parts.namespace)),
        project: text(&parts.project),
        component: text(&parts.component),
        resource: text(&parts.resource),
    };
    let (component, resource) = (!scope.component.is_empty(), !scope.resource.is_empty());
    let mut fault = None;
    if component && resource {
        fault = Some("component and resource exclude each other");
    }
    if (component || resource) && scope.project.is_empty() {
        fault = Some("component and resource need a project");
    }
    if !scope.project.is_empty() && scope.namespace.is_empty() {
        fault = Some("project needs a namespace");
        scope.project.clear();
    }
    if fault.is_some() {
        scope.component.clear();
        scope.resource.clear();
    }
    (scope, fault)
}

impl Node {
    fn place(&mut self, path: &ScopePath) -> &mut Self {
        path.steps().fold(self, |node, (step, name)| {
            node.below[step as usize]
                .entry(name.to_owned())
                .or_default()
        })
    }
}

impl Rule {
    /// Whether it counts for an action on an object; what is broken counts if it denies.
    pub(crate) fn counts(&self, action: &Action, attributes: &Attributes) -> bool {
        self.role.actions.matches(action)
            && match condition::outcome(&self.conditions, action, attributes) {
                Outcome::Free | Outcome::Holds => true,
                Outcome::Fails => false,
                Outcome::Broken => self.effect == Effect::Deny,
            }
    }

    /// The conditions that are about an action.
    pub(crate) fn about<'a>(&'a self, action: &'a Action) -> impl Iterator<Item = &'a Condition> {
        self.conditions
            .iter()
            .filter(|condition| condition.is_about(action))
    }
}

/// Two rules are equal if they say the same, whichever binding they come from.
impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.scope == other.scope
            && self.effect == other.effect
            && self.role.actions == other.role.actions
            && self.conditions == other.conditions
    }
}
