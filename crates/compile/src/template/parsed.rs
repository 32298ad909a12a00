//! Templates, parsed once.
//!
//! What has no expression in it is one value, which everything that is rendered from the template shares; only the
//! maps and lists on the way to an expression are built at each render. What does not compile is kept as its error,
//! since nobody need ever come there.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map as Fields, Value as Json};

use expr::{Key, Map, Numbers, Value};

use super::Engine;
use super::budget::Spent;
use super::context::Context;
use super::error::{Error, Reason};
use super::text::{self, Text};

/// Levels of a template.
const MAX_DEPTH: usize = 128;
/// Bytes that are charged together, so that a budget is asked seldom and overdrawn by no more.
const BATCH: usize = 64 << 10;

/// A template string, parsed.
#[derive(Debug, Clone)]
pub struct ParsedText(Result<Arc<Text>, Error>);

impl ParsedText {
    /// The value of its one expression, or its text.
    ///
    /// # Errors
    /// The expression does not compile or evaluate.
    pub fn evaluate(&self, context: &Context) -> Result<Value, Error> {
        match &self.0 {
            Ok(text) => text.evaluate(context),
            Err(error) => Err(error.clone()),
        }
    }

    /// As [`ParsedText::evaluate`], with the value as JSON has it; `None` when it is omitted.
    ///
    /// # Errors
    /// As [`ParsedText::evaluate`], or what it gives is larger than the budget.
    pub fn render(&self, context: &Context, numbers: Numbers) -> Result<Option<Value>, Error> {
        let value = self.evaluate(context)?;
        text::charge_written(&value, context)?;
        Ok(value.to_json_form(numbers))
    }
}

/// A template, parsed.
#[derive(Debug, Clone)]
pub struct Parsed(Node);

#[derive(Debug, Clone)]
enum Node {
    /// Without an expression, and what it costs.
    Plain(Value, Spent),
    Text(ParsedText),
    List(Vec<Self>),
    /// Sorted by key.
    Map(Vec<(Key, Self)>),
    /// Some keys are expressions.
    Named(Vec<(String, ParsedText, Self)>),
    TooDeep,
}

impl Engine {
    /// Parses a template.
    #[must_use]
    pub fn parse(&self, template: &Json) -> Parsed {
        Parsed(self.node(template, MAX_DEPTH))
    }

    /// Parses a template that is a map.
    #[must_use]
    pub fn parse_map(&self, template: &Fields<String, Json>) -> Parsed {
        Parsed(self.map(template, MAX_DEPTH - 1))
    }

    /// Parses a template string.
    #[must_use]
    pub fn parse_text(&self, template: &str) -> ParsedText {
        ParsedText(self.text(template))
    }

    fn node(&self, template: &Json, depth: usize) -> Node {
        let Some(depth) = depth.checked_sub(1) else {
            return Node::TooDeep;
        };
        match template {
            Json::String(text) if text.contains("${") => Node::Text(self.parse_text(text)),
            Json::Array(items) => {
                let items = items.iter().map(|item| self.node(item, depth));
                list(items.collect())
            }
            Json::Object(fields) => self.map(fields, depth),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Node::Plain(
                Value::from_json(template, Numbers::AsWritten),
                Spent::json(template),
            ),
        }
    }

    fn map(&self, fields: &Fields<String, Json>, depth: usize) -> Node {
        if fields.keys().any(|name| name.contains("${")) {
            let named = fields.iter().map(|(name, field)| {
                (name.clone(), self.parse_text(name), self.node(field, depth))
            });
            return Node::Named(named.collect());
        }
        let mut entries: Vec<_> = fields
            .iter()
            .map(|(name, field)| (Key::string(name.as_str()), self.node(field, depth)))
            .collect();
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        map(entries)
    }
}

/// A list, plain where all its items are.
fn list(items: Vec<Node>) -> Node {
    let mut spent = Spent::value(0);
    let mut values = Vec::with_capacity(items.len());
    for item in &items {
        let Node::Plain(value, cost) = item else {
            return Node::List(items);
        };
        spent = spent.plus(*cost);
        values.push(value.clone());
    }
    Node::Plain(Value::list(values), spent)
}

/// A map, plain where all its fields are.
fn map(entries: Vec<(Key, Node)>) -> Node {
    let mut spent = Spent::value(0);
    let mut values = Vec::with_capacity(entries.len());
    for (key, field) in &entries {
        let Node::Plain(value, cost) = field else {
            return Node::Map(entries);
        };
        spent = spent.plus(*cost).plus(length(key));
        values.push((key.clone(), value.clone()));
    }
    Node::Plain(Value::map(Map::from_entries(values)), spent)
}

fn length(key: &Key) -> Spent {
    let bytes = match key {
        Key::String(text) => text.len(),
        _ => 0,
    };
    Spent { steps: 0, bytes }
}

impl Parsed {
    /// Renders the template; `None` when all of it is omitted. What comes is JSON.
    ///
    /// # Errors
    /// The first expression that does not compile or evaluate, with its place in the template.
    pub fn render(&self, context: &Context) -> Result<Option<Value>, Error> {
        let mut renderer = Renderer {
            context,
            spent: Spent::default(),
        };
        let value = renderer.value(&self.0)?;
        renderer.settle()?;
        Ok(value)
    }
}

struct Renderer<'a> {
    context: &'a Context,
    /// What the budget was not charged for yet.
    spent: Spent,
}

impl Renderer<'_> {
    fn value(&mut self, node: &Node) -> Result<Option<Value>, Error> {
        match node {
            Node::Plain(value, spent) => {
                self.charge(*spent)?;
                Ok(Some(value.clone()))
            }
            Node::Text(text) => {
                let value = text.evaluate(self.context)?;
                self.charge(Spent::written(&value))?;
                Ok(value.to_json_form(Numbers::AsWritten))
            }
            Node::List(items) => self.list(items).map(Some),
            Node::Map(entries) => self.map(entries).map(Some),
            Node::Named(entries) => self.named(entries).map(Some),
            Node::TooDeep => Err(Error::new(Reason::Limit {
                limit: MAX_DEPTH as u64,
                unit: "nested levels",
            })),
        }
    }

    fn list(&mut self, items: &[Node]) -> Result<Value, Error> {
        let mut rendered = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let value = self.value(item);
            rendered.extend(value.map_err(|error| error.under(format_args!("[{index}]")))?);
        }
        self.charge(Spent::value(0))?;
        Ok(Value::list(rendered))
    }

    fn map(&mut self, entries: &[(Key, Node)]) -> Result<Value, Error> {
        let mut rendered = Vec::with_capacity(entries.len());
        for (key, field) in entries {
            let value = self.value(field);
            if let Some(value) = value.map_err(|error| error.under(format_args!(".{key}")))? {
                self.charge(length(key))?;
                rendered.push((key.clone(), value));
            }
        }
        self.charge(Spent::value(0))?;
        Ok(Value::map(Map::from_entries(rendered)))
    }

    /// Of two entries of one name neither may win, for the order of a map says nothing.
    fn named(&mut self, entries: &[(String, ParsedText, Node)]) -> Result<Value, Error> {
        let mut rendered = BTreeMap::new();
        for (name, text, field) in entries {
            let under = |error: Error| error.under(format_args!(".{name}"));
            let key = self.key(name, text).map_err(under)?;
            let Some(value) = self.value(field).map_err(under)? else {
                continue;
            };
            self.charge(length(&key))?;
            if rendered.contains_key(&key) {
                return Err(under(Error::new(Reason::SameKey {
                    found: text::described(&key.to_value()),
                    key: name.clone(),
                })));
            }
            rendered.insert(key, value);
        }
        self.charge(Spent::value(0))?;
        Ok(Value::map(rendered.into_iter().collect()))
    }

    fn key(&mut self, name: &str, text: &ParsedText) -> Result<Key, Error> {
        match text.evaluate(self.context)? {
            Value::String(text) => Ok(Key::String(text)),
            other => Err(Error::new(Reason::Key {
                key: name.to_owned(),
                found: text::described(&other),
            })),
        }
    }

    fn charge(&mut self, spent: Spent) -> Result<(), Error> {
        self.spent = self.spent.plus(spent);
        if self.spent.bytes > BATCH {
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Error> {
        let spent = std::mem::take(&mut self.spent);
        self.context.charge(spent).map_err(Error::over_budget)
    }
}
