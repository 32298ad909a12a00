//! What admission checks of types, traits and workflows before anybody uses them (reference 4).
//!
//! Every expression must compile in the environment in which it will be evaluated; what an object
//! must say, and may not say, is checked as far as it is literal.

use model::{
    Diagnostics, Envelope, KindName,
    kinds::{ComponentType, ProjectType, Trait, Workflow},
};
use serde_json::Value;

use crate::{functions::Methods, object, template::Engine};

/// Every problem of an object that only its expressions and templates show.
#[must_use]
pub fn object(envelope: &Envelope) -> Diagnostics {
    let mut vet = Vet { engine: Engine::new(Methods::Plain), diagnostics: Diagnostics::default() };
    match envelope.key.kind {
        KindName::ComponentType => {
            vet.engine = Engine::new(Methods::Component);
            if let Ok(spec) = envelope.spec::<ComponentType>() {
                vet.component_type(&spec);
            }
        }
        KindName::Trait => {
            vet.engine = Engine::new(Methods::Component);
            if let Ok(spec) = envelope.spec::<Trait>() {
                vet.trait_(&spec);
            }
        }
        KindName::ProjectType => {
            if let Ok(spec) = envelope.spec::<ProjectType>() {
                for (index, resource) in spec.resources.iter().enumerate() {
                    let body = Value::Object(resource.template.clone());
                    vet.value(&format!("spec.resources[{index}].template"), &body);
                }
            }
        }
        KindName::Workflow => {
            if let Ok(spec) = envelope.spec::<Workflow>() {
                vet.value("spec.runTemplate", &Value::Object(spec.run_template.clone()));
                for (index, resource) in spec.resources.iter().enumerate() {
                    let body = Value::Object(resource.template.clone());
                    vet.value(&format!("spec.resources[{index}].template"), &body);
                }
            }
        }
        KindName::Namespace
        | KindName::Project
        | KindName::ProjectRelease
        | KindName::ProjectReleaseBinding
        | KindName::Component
        | KindName::Workload
        | KindName::ComponentRelease
        | KindName::ReleaseBinding
        | KindName::Environment
        | KindName::DeploymentPipeline
        | KindName::DataPlane
        | KindName::WorkflowPlane
        | KindName::ObservabilityPlane
        | KindName::WorkflowRun
        | KindName::RenderedRelease => {}
    }
    vet.diagnostics
}

struct Vet {
    engine: Engine,
    diagnostics: Diagnostics,
}

impl Vet {
    fn component_type(&mut self, spec: &ComponentType) {
        for (index, resource) in spec.resources.iter().enumerate() {
            let path = format!("spec.resources[{index}]");
            self.optional(&format!("{path}.includeWhen"), resource.include_when.as_deref());
            self.optional(&format!("{path}.forEach"), resource.for_each.as_deref());
            self.template(&format!("{path}.template"), &Value::Object(resource.template.clone()));
        }
        let (field, rules) = spec.pre_render_rules();
        for (index, rule) in rules.iter().enumerate() {
            self.optional(&format!("spec.{field}[{index}].rule"), Some(&rule.rule));
        }
        for (index, rule) in spec.post_render_validations.iter().enumerate() {
            self.optional(&format!("spec.postRenderValidations[{index}].rule"), Some(&rule.rule));
        }
    }

    fn trait_(&mut self, spec: &Trait) {
        for (index, create) in spec.creates.iter().enumerate() {
            let path = format!("spec.creates[{index}]");
            self.optional(&format!("{path}.includeWhen"), create.include_when.as_deref());
            self.optional(&format!("{path}.forEach"), create.for_each.as_deref());
            let body = Value::Object(create.template.clone());
            self.template(&format!("{path}.template"), &body);
            const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"];
            if WORKLOADS.contains(&object::kind(&body)) {
                self.diagnostics.push_hint(
                    format!("{path}.template.kind"),
                    "traits must not create workload resources",
                    "let the component type render the workload, and patch it",
                );
            }
        }
        for (index, patch) in spec.patches.iter().enumerate() {
            let path = format!("spec.patches[{index}]");
            self.optional(&format!("{path}.target.where"), patch.target.condition.as_deref());
            for (number, operation) in patch.operations.iter().enumerate() {
                let path = format!("{path}.operations[{number}]");
                self.optional(&format!("{path}.path"), Some(&operation.path));
                if let Some(value) = &operation.value {
                    self.value(&format!("{path}.value"), value);
                }
            }
        }
        for (index, remove) in spec.removes.iter().enumerate() {
            let condition = remove.target.condition.as_deref();
            self.optional(&format!("spec.removes[{index}].target.where"), condition);
        }
    }

    /// A template of an object: its expressions, and what it must say.
    fn template(&mut self, path: &str, body: &Value) {
        self.value(path, body);
        let fields = [
            ("apiVersion", object::api_version(body)),
            ("kind", object::kind(body)),
            ("metadata.name", object::name(body)),
        ];
        for (field, value) in fields {
            if value.is_empty() {
                self.diagnostics.push(format!("{path}.{field}"), "is required in a resource template");
            }
        }
        if object::kind(body).contains("${") {
            self.diagnostics.push(format!("{path}.kind"), "must be literal, not an expression");
        }
        let namespace = object::namespace(body);
        if !namespace.is_empty() && namespace.replace(' ', "") != "${metadata.namespace}" {
            self.diagnostics.push_hint(
                format!("{path}.metadata.namespace"),
                format!("{namespace:?} is not the cell"),
                "write ${metadata.namespace}, or leave it out",
            );
        }
    }

    fn value(&mut self, path: &str, value: &Value) {
        match value {
            Value::String(text) => self.optional(path, Some(text)),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(&format!("{path}[{index}]"), item);
                }
            }
            Value::Object(map) => {
                for (key, child) in map {
                    self.optional(path, Some(key));
                    self.value(&format!("{path}.{key}"), child);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Compiles a text that may hold expressions.
    fn optional(&mut self, path: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| text.contains("${"))
            && let Err(error) = self.engine.program(text)
        {
            self.diagnostics.push_hint(
                path,
                format!("invalid CEL expression: {error}"),
                "correct the expression between ${ and }",
            );
        }
    }
}
