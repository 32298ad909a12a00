//! Trees as cel-go makes them, by the recorded texts of cel-spec.

use super::{Chain, Expr, Kind, Operator, parse};
use crate::compat::{Tally, cases};
use crate::error::Error;
use crate::limits::Limits;
use crate::value::{Value, general};

/// What a recorded failure says when the parser of the record had a feature switched off, or another limit.
const OTHER_PARSERS: &[&str] = &["unsupported syntax", "recursion", "lookahead limit"];

#[test]
fn trees_are_those_of_the_specification() {
    let mut tally = Tally::new("ast", &[]);
    for (id, case) in cases(&["par", "conf", "chk", "comp"]) {
        let source = case["original"]["expr"].as_str().unwrap();
        let error = case["error"].as_str().unwrap_or_default();
        let recorded = case["ast"].as_str().unwrap_or_default();
        let other = OTHER_PARSERS.iter().any(|words| error.contains(words));
        if recorded.contains("Expr_StructExpr") && source.contains(is_message)
            || recorded.is_empty() && (other || error.is_empty())
        {
            tally.skip();
            continue;
        }
        tally.check(&id, source, compare(source, recorded));
    }
    tally.finish();
}

/// A brace behind a name opens a message.
fn is_message(c: char) -> bool {
    c == '{'
}

fn compare(source: &str, recorded: &str) -> Result<(), String> {
    let limits = Limits::default();
    match (parse(source, &limits), recorded) {
        (Ok(tree), "") => match Ast::of(&tree) {
            Ok(_) => Err("accepted".to_owned()),
            Err(_) => Ok(()),
        },
        (Err(Error::Limit { .. }), _) => Err("exceeds a limit".to_owned()),
        (Err(_), "") => Ok(()),
        (Err(error), _) => Err(error.to_string()),
        (Ok(tree), recorded) => {
            let own = Ast::of(&tree)?.print();
            if own == recorded {
                Ok(())
            } else {
                Err(format!("\n{own}\nnot\n{recorded}"))
            }
        }
    }
}

/// The tree of cel-go: operators are calls, macros are expanded.
#[derive(Debug, Clone)]
enum Ast {
    Literal(Value),
    Name(String),
    Select(Box<Self>, String, bool),
    Call(Option<Box<Self>>, String, Vec<Self>),
    List(Vec<(Self, bool)>),
    Map(Vec<(Self, Self, bool)>),
    Loop(Box<[Self; 5]>, String),
}

const RESULT: &str = "@result";

fn call(name: &str, arguments: Vec<Ast>) -> Ast {
    Ast::Call(None, name.to_owned(), arguments)
}

fn result() -> Ast {
    Ast::Name(RESULT.to_owned())
}

fn literal(value: impl Into<Value>) -> Ast {
    Ast::Literal(value.into())
}

impl Ast {
    fn of(expr: &Expr) -> Result<Self, String> {
        let boxed = |expr: &Expr| Self::of(expr).map(Box::new);
        Ok(match &expr.kind {
            Kind::Literal(value) => Self::Literal(value.clone()),
            Kind::Name(name) => Self::Name(name.to_string()),
            Kind::Select {
                operand,
                field,
                optional: false,
            } => Self::Select(boxed(operand)?, field.to_string(), false),
            Kind::Select { operand, field, .. } => {
                call("_?._", vec![Self::of(operand)?, literal(&**field)])
            }
            Kind::Index {
                operand,
                index,
                optional,
            } => {
                let name = if *optional { "_[?_]" } else { "_[_]" };
                call(name, vec![Self::of(operand)?, Self::of(index)?])
            }
            Kind::Call {
                target,
                name,
                arguments,
            } => Self::called(target.as_deref(), name, arguments)?,
            Kind::List(items) => {
                let items = items
                    .iter()
                    .map(|item| Ok((Self::of(&item.value)?, item.optional)));
                Self::List(items.collect::<Result<_, String>>()?)
            }
            Kind::Map(entries) => {
                let entries = entries.iter().map(|entry| {
                    Ok((
                        Self::of(&entry.key)?,
                        Self::of(&entry.value)?,
                        entry.optional,
                    ))
                });
                Self::Map(entries.collect::<Result<_, String>>()?)
            }
            Kind::Not(operand) => call("!_", vec![Self::of(operand)?]),
            Kind::Negate(operand) => call("-_", vec![Self::of(operand)?]),
            Kind::Chain(chain, operands) => {
                let operands = operands.iter().map(Self::of);
                Self::chain(*chain, operands.collect::<Result<_, _>>()?)
            }
            Kind::Binary(operator, left, right) => {
                let name = match operator {
                    Operator::In => "@in",
                    other => other.name(),
                };
                call(name, vec![Self::of(left)?, Self::of(right)?])
            }
            Kind::Conditional(parts) => {
                let parts = parts.iter().map(Self::of);
                call("_?_:_", parts.collect::<Result<_, _>>()?)
            }
        })
    }

    /// Sums from the left, logic as a balanced tree.
    fn chain(chain: Chain, operands: Vec<Self>) -> Self {
        match chain {
            Chain::Add => operands
                .into_iter()
                .reduce(|left, right| call("_+_", vec![left, right]))
                .unwrap(),
            Chain::And => balanced("_&&_", &operands),
            Chain::Or => balanced("_||_", &operands),
        }
    }

    fn called(target: Option<&Expr>, name: &str, arguments: &[Expr]) -> Result<Self, String> {
        let variable = |expr: &Expr| match &expr.kind {
            Kind::Name(name) if &**name == "__result__" => Err("the accumulator".to_owned()),
            Kind::Name(name) => Ok(name.to_string()),
            _ => Err("not a name".to_owned()),
        };
        let yes = || literal(true);
        Ok(match (target, name, arguments) {
            (None, "has", [argument]) => match Self::of(argument)? {
                Self::Select(operand, field, _) => Self::Select(operand, field, true),
                _ => return Err("has() of no field".to_owned()),
            },
            (Some(range), "all", [name, test]) => {
                let go_on = call("@not_strictly_false", vec![result()]);
                let step = call("_&&_", vec![result(), Self::of(test)?]);
                Self::turn(range, variable(name)?, [yes(), go_on, step, result()])?
            }
            (Some(range), "exists", [name, test]) => {
                let go_on = call("@not_strictly_false", vec![call("!_", vec![result()])]);
                let step = call("_||_", vec![result(), Self::of(test)?]);
                let parts = [literal(false), go_on, step, result()];
                Self::turn(range, variable(name)?, parts)?
            }
            (Some(range), "exists_one" | "existsOne", [name, test]) => {
                let more = call("_+_", vec![result(), literal(1_i64)]);
                let step = call("_?_:_", vec![Self::of(test)?, more, result()]);
                let one = call("_==_", vec![result(), literal(1_i64)]);
                Self::turn(range, variable(name)?, [literal(0_i64), yes(), step, one])?
            }
            (Some(range), "filter", [name, test]) => {
                let variable = variable(name)?;
                let item = Self::Name(variable.clone());
                Self::gather(range, variable, Some(test), item)?
            }
            (Some(range), "map", [name, item]) => {
                Self::gather(range, variable(name)?, None, Self::of(item)?)?
            }
            (Some(range), "map", [name, test, item]) => {
                Self::gather(range, variable(name)?, Some(test), Self::of(item)?)?
            }
            (target, name, arguments) => {
                let target = target.map(|target| Self::of(target).map(Box::new));
                let arguments = arguments.iter().map(Self::of);
                Self::Call(
                    target.transpose()?,
                    name.to_owned(),
                    arguments.collect::<Result<_, _>>()?,
                )
            }
        })
    }

    /// A loop that appends `item` to a list.
    fn gather(
        range: &Expr,
        variable: String,
        test: Option<&Expr>,
        item: Self,
    ) -> Result<Self, String> {
        let more = call("_+_", vec![result(), Self::List(vec![(item, false)])]);
        let step = match test {
            Some(test) => call("_?_:_", vec![Self::of(test)?, more, result()]),
            None => more,
        };
        let parts = [Self::List(Vec::new()), literal(true), step, result()];
        Self::turn(range, variable, parts)
    }

    fn turn(range: &Expr, variable: String, parts: [Self; 4]) -> Result<Self, String> {
        let [start, go_on, step, end] = parts;
        let parts = [Self::of(range)?, start, go_on, step, end];
        Ok(Self::Loop(Box::new(parts), variable))
    }
}

fn balanced(name: &str, operands: &[Ast]) -> Ast {
    match operands {
        [only] => only.clone(),
        _ => {
            let (left, right) = operands.split_at(operands.len().div_ceil(2));
            call(name, vec![balanced(name, left), balanced(name, right)])
        }
    }
}

/// The text that cel-go's debug printer makes of a tree, each node with its kind.
impl Ast {
    fn print(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    fn write(&self, out: &mut String, depth: usize) {
        let kind = match self {
            Self::Literal(value) => {
                let (text, kind) = written(value);
                out.push_str(&text);
                kind
            }
            Self::Name(name) => {
                out.push_str(name);
                "Expr_IdentExpr"
            }
            Self::Select(operand, field, test) => {
                operand.write(out, depth);
                out.push('.');
                out.push_str(field);
                if *test {
                    out.push_str("~test-only~");
                }
                "Expr_SelectExpr"
            }
            Self::Call(target, name, arguments) => {
                if let Some(target) = target {
                    target.write(out, depth);
                    out.push('.');
                }
                out.push_str(name);
                block(out, depth, ('(', ')'), arguments, |out, argument, depth| {
                    argument.write(out, depth);
                });
                "Expr_CallExpr"
            }
            Self::List(items) => {
                block(
                    out,
                    depth,
                    ('[', ']'),
                    items,
                    |out, (item, optional), depth| {
                        out.push_str(if *optional { "?" } else { "" });
                        item.write(out, depth);
                    },
                );
                "Expr_ListExpr"
            }
            Self::Map(entries) => {
                block(out, depth, ('{', '}'), entries, |out, entry, depth| {
                    let (key, value, optional) = entry;
                    out.push_str(if *optional { "?" } else { "" });
                    key.write(out, depth);
                    out.push(':');
                    value.write(out, depth);
                    out.push_str("^#*expr.Expr_CreateStruct_Entry#");
                });
                "Expr_StructExpr"
            }
            Self::Loop(parts, variable) => {
                Self::write_loop(parts, variable, out, depth);
                "Expr_ComprehensionExpr"
            }
        };
        out.push_str("^#*expr.");
        out.push_str(kind);
        out.push('#');
    }

    fn write_loop(parts: &[Self; 5], variable: &str, out: &mut String, depth: usize) {
        let [range, start, go_on, step, end] = parts;
        out.push_str("__comprehension__(");
        let mut part = |title: &str, write: &dyn Fn(&mut String)| {
            let inner = "  ".repeat(depth + 1);
            out.push_str(&format!("\n{inner}// {title}\n{inner}"));
            write(out);
            out.push_str(if title == "Result" { ")" } else { "," });
        };
        let below = depth + 1;
        part("Variable", &|out| out.push_str(variable));
        part("Target", &|out| range.write(out, below));
        part("Accumulator", &|out| out.push_str(RESULT));
        part("Init", &|out| start.write(out, below));
        part("LoopCondition", &|out| go_on.write(out, below));
        part("LoopStep", &|out| step.write(out, below));
        part("Result", &|out| end.write(out, below));
    }
}

fn block<T>(
    out: &mut String,
    depth: usize,
    (open, close): (char, char),
    items: &[T],
    write: impl Fn(&mut String, &T, usize),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&"  ".repeat(depth + 1));
        write(out, item, depth + 1);
    }
    if !items.is_empty() {
        out.push('\n');
        out.push_str(&"  ".repeat(depth));
    }
    out.push(close);
}

fn written(value: &Value) -> (String, &'static str) {
    match value {
        Value::Null => ("null".to_owned(), "Constant_NullValue"),
        Value::Bool(truth) => (truth.to_string(), "Constant_BoolValue"),
        Value::Int(int) => (int.to_string(), "Constant_Int64Value"),
        Value::Uint(uint) => (format!("{uint}u"), "Constant_Uint64Value"),
        Value::Double(double) => (general(*double), "Constant_DoubleValue"),
        Value::String(text) => (quoted(text.as_bytes()), "Constant_StringValue"),
        Value::Bytes(bytes) => (format!("b{}", quoted(bytes)), "Constant_BytesValue"),
        other => panic!("no literal: {other:?}"),
    }
}

/// Text as Go quotes it.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            out.push_str(&escaped(c));
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out + "\""
}

fn escaped(c: char) -> String {
    let short = match c {
        '\x07' => 'a',
        '\x08' => 'b',
        '\x0c' => 'f',
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\x0b' => 'v',
        '"' | '\\' => c,
        // Marks are printable where they follow a letter.
        '\0' => return "\\x00".to_owned(),
        _ => match (format!("a{c}").escape_debug().count(), u32::from(c)) {
            (..=3, _) => return c.to_string(),
            (_, code @ ..0x80) => return format!("\\x{code:02x}"),
            (_, code @ ..0x1_0000) => return format!("\\u{code:04x}"),
            (_, code) => return format!("\\U{code:08x}"),
        },
    };
    format!("\\{short}")
}
