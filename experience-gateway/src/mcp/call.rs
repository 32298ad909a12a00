//! Does what a tool is for, on behalf of the caller.

use std::collections::HashMap;

use serde_json::{Value, json};

use model::{Code, KindName, Scope};
use proto::resources::{DeleteRequest, GetRequest, Key, UpdateRequest, WriteRequest};

use super::{
    arguments::Arguments,
    requests,
    table::{Action, Fields, Lookup, Tool},
};
use crate::{
    caller::Caller,
    problem::Problem,
    rest::objects::{self, document},
    upstream::Upstream,
};

/// A call in progress.
pub(super) struct Call<'a> {
    pub(super) upstream: &'a Upstream,
    pub(super) caller: &'a Caller,
    pub(super) arguments: &'a Arguments,
}

impl Call<'_> {
    pub(super) async fn run(&self, tool: &Tool) -> Result<Value, Problem> {
        let key = |object| requests::key(tool.kind, object, self.arguments);
        match &tool.action {
            Action::List { by } => self.list(tool.kind, by).await,
            Action::Find { object } => self.find(key(object)?).await,
            Action::Delete { object } => self.delete(key(object)?).await,
            Action::Create {
                object,
                fields,
                lookup,
            } => {
                let mut new = requests::document(object, fields, self.arguments)?;
                self.complete(&mut new, *lookup).await?;
                self.create(tool.kind, &new).await
            }
            Action::Update { object, fields } => self.update(tool.kind, key(object)?, fields).await,
        }
    }

    async fn list(&self, kind: KindName, by: Fields) -> Result<Value, Problem> {
        let request = self
            .caller
            .request(requests::list(kind, by, self.arguments)?);
        let page = self.upstream.resources().list(request).await?.into_inner();
        let items: Vec<Value> = page
            .objects
            .into_iter()
            .map(document)
            .collect::<Result<_, _>>()?;
        let mut listed = json!({"items": items});
        if !page.next_cursor.is_empty() {
            listed["next_cursor"] = page.next_cursor.into();
        }
        Ok(listed)
    }

    async fn find(&self, key: Key) -> Result<Value, Problem> {
        let request = self.caller.request(GetRequest { key: Some(key) });
        document(self.upstream.resources().get(request).await?.into_inner())
    }

    async fn delete(&self, key: Key) -> Result<Value, Problem> {
        let done = json!({"deleted": true, "kind": key.kind, "namespace": key.namespace, "name": key.name});
        let request = self.caller.request(DeleteRequest {
            key: Some(key),
            revision: 0,
        });
        self.upstream.resources().delete(request).await?;
        Ok(done)
    }

    async fn create(&self, kind: KindName, new: &Value) -> Result<Value, Problem> {
        let (scope, namespace) = self.arguments.place(kind)?;
        let names = HashMap::from([("ns".to_owned(), namespace.to_owned())]);
        let object = objects::read((kind, scope), &names, new.to_string().as_bytes(), None)?;
        let request = self.caller.request(WriteRequest {
            object: Some(object),
            dry_run: false,
        });
        document(
            self.upstream
                .resources()
                .create(request)
                .await?
                .into_inner(),
        )
    }

    /// Reads, changes and writes back. The revision that was read travels along, so that a change made
    /// between is a conflict and not lost.
    async fn update(&self, kind: KindName, key: Key, fields: Fields) -> Result<Value, Problem> {
        let (scope, namespace) = self.arguments.place(kind)?;
        let names = HashMap::from([("ns".to_owned(), namespace.to_owned())]);
        let name = key.name.clone();
        let mut found = self.find(key).await?;
        requests::change(&mut found, fields, self.arguments)?;
        let object = objects::read(
            (kind, scope),
            &names,
            found.to_string().as_bytes(),
            Some(&name),
        )?;
        let request = UpdateRequest {
            object: Some(object),
            dry_run: false,
            status_only: false,
        };
        document(
            self.upstream
                .resources()
                .update(self.caller.request(request))
                .await?
                .into_inner(),
        )
    }

    /// Adds to a new object what the arguments leave to be found out.
    async fn complete(&self, new: &mut Value, lookup: Lookup) -> Result<(), Problem> {
        match lookup {
            Lookup::Nothing => Ok(()),
            Lookup::ComponentType => {
                let kind = self.component_type_kind().await?;
                if self.arguments.value("auto_deploy").is_none() {
                    requests::set(new, "/spec/autoDeploy", true.into())?;
                }
                requests::set(new, "/spec/componentType/kind", kind.into())
            }
            Lookup::ProjectOfComponent => {
                let key = requests::key(KindName::Component, "{component_name}", self.arguments)?;
                let component = self.find(key).await?;
                let project = component
                    .pointer("/spec/owner/projectName")
                    .cloned()
                    .unwrap_or_default();
                requests::set(new, "/spec/owner/projectName", project)
            }
        }
    }

    /// The namespace's own component type goes before the shared one of the same name.
    async fn component_type_kind(&self) -> Result<&'static str, Problem> {
        let named = self.arguments.text("component_type");
        let name = named.split_once('/').map_or(named, |(_, name)| name);
        let own = KindName::ComponentType.public_name(Scope::Namespaced);
        let namespace = self.arguments.text("namespace_name").to_owned();
        let key = Key {
            kind: own.to_owned(),
            namespace,
            name: name.to_owned(),
        };
        let request = self.caller.request(GetRequest { key: Some(key) });
        match self.upstream.resources().get(request).await {
            Ok(_) => Ok(own),
            Err(status) if proto::status::code(&status) == Code::NotFound => {
                Ok(KindName::ComponentType.public_name(Scope::Cluster))
            }
            Err(status) => Err(status.into()),
        }
    }
}
