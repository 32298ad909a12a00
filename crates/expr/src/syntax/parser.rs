//! Tokens to syntax tree, by precedence.

use std::sync::Arc;

use super::lexer::tokens;
use super::token::{Token, TokenKind};
use super::tree::{Chain, Entry, Expr, Item, Kind, Operator};
use crate::error::{Error, Position};
use crate::limits::Limits;
use crate::value::Value;

/// Words that cannot name a variable.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Parses one expression that takes the whole text.
///
/// # Errors
/// [`Error::Syntax`], or [`Error::Limit`] where the text is too long or too deep.
pub(crate) fn parse(source: &str, limits: &Limits) -> Result<Expr, Error> {
    if source.len() > limits.source_bytes {
        return Err(Error::Limit {
            limit: limits.source_bytes as u64,
            unit: "source bytes",
        });
    }
    let mut parser = Parser {
        source,
        tokens: tokens(source)?,
        next: 0,
        level: 0,
        limits,
    };
    let expr = parser.expression()?;
    match parser.peek() {
        TokenKind::End => Ok(expr),
        _ => Err(parser.unexpected()),
    }
}

#[derive(Clone, Copy)]
enum Infix {
    Chain(Chain),
    Binary(Operator),
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    next: usize,
    level: usize,
    limits: &'a Limits,
}

impl Parser<'_> {
    fn token(&self) -> &Token {
        // The last token is the end, and nothing moves past it.
        &self.tokens[self.next.min(self.tokens.len() - 1)]
    }

    fn peek(&self) -> &TokenKind {
        &self.token().kind
    }

    fn error(&self, at: usize, message: impl Into<String>) -> Error {
        Error::Syntax {
            at: Position::of(self.source, at),
            message: message.into(),
        }
    }

    fn unexpected(&self) -> Error {
        self.error(self.token().at, format!("unexpected {}", self.peek()))
    }

    fn is(&self, symbol: &str) -> bool {
        matches!(self.peek(), TokenKind::Symbol(found) if *found == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.is(symbol);
        self.next += usize::from(found);
        found
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Error> {
        if self.eat(symbol) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn too_deep(&self) -> Error {
        Error::Limit {
            limit: self.limits.depth as u64,
            unit: "nested levels",
        }
    }

    /// Makes a node over children of which the highest has `below` levels. It reaches from its first child, or
    /// `at`, to the token before.
    fn node(&self, kind: Kind, at: usize, below: usize) -> Result<Expr, Error> {
        let height = below + 1;
        if height > self.limits.depth {
            return Err(self.too_deep());
        }
        let start = kind.first().map_or(at, |first| first.span.start.min(at));
        let end = self
            .next
            .checked_sub(1)
            .map_or(at, |last| self.tokens[last].end);
        Ok(Expr {
            kind,
            at,
            span: start..end,
            height,
        })
    }

    /// Counts a level of recursion. Trees are bounded by their height too, but that is known only
    /// when the way down is over. Whoever enters leaves, but on an error, which ends all.
    fn enter(&mut self) -> Result<(), Error> {
        self.level += 1;
        if self.level > self.limits.depth {
            Err(self.too_deep())
        } else {
            Ok(())
        }
    }

    fn expression(&mut self) -> Result<Expr, Error> {
        let condition = self.operators(0)?;
        if self.is("?") {
            self.conditional(condition)
        } else {
            Ok(condition)
        }
    }

    fn conditional(&mut self, condition: Expr) -> Result<Expr, Error> {
        let at = self.token().at;
        self.next += 1;
        let yes = self.operators(0)?;
        self.expect(":")?;
        self.enter()?;
        let no = self.expression()?;
        self.level -= 1;
        let below = condition.height.max(yes.height).max(no.height);
        self.node(Kind::Conditional(Box::new([condition, yes, no])), at, below)
    }

    /// The operator that comes next, and how strongly it binds.
    fn infix(&self) -> Option<(u8, Infix)> {
        let symbol = match self.peek() {
            TokenKind::Symbol(symbol) => *symbol,
            TokenKind::Word(word) if &**word == "in" => "in",
            _ => return None,
        };
        Some(match symbol {
            "||" => (1, Infix::Chain(Chain::Or)),
            "&&" => (2, Infix::Chain(Chain::And)),
            "==" => (3, Infix::Binary(Operator::Equal)),
            "!=" => (3, Infix::Binary(Operator::NotEqual)),
            "<" => (3, Infix::Binary(Operator::Less)),
            "<=" => (3, Infix::Binary(Operator::LessOrEqual)),
            ">" => (3, Infix::Binary(Operator::Greater)),
            ">=" => (3, Infix::Binary(Operator::GreaterOrEqual)),
            "in" => (3, Infix::Binary(Operator::In)),
            "+" => (4, Infix::Chain(Chain::Add)),
            "-" => (4, Infix::Binary(Operator::Subtract)),
            "*" => (5, Infix::Binary(Operator::Multiply)),
            "/" => (5, Infix::Binary(Operator::Divide)),
            "%" => (5, Infix::Binary(Operator::Remainder)),
            _ => return None,
        })
    }

    /// Operands joined by operators that bind more strongly than `floor`, from the left.
    fn operators(&mut self, floor: u8) -> Result<Expr, Error> {
        self.enter()?;
        let mut left = self.unary()?;
        while let Some((strength, infix)) = self.infix().filter(|(strength, _)| *strength > floor) {
            left = self.joined(strength, infix, left)?;
        }
        self.level -= 1;
        Ok(left)
    }

    /// Joins an operand with the one to the right of the operator. `a + b + c` is one node of three
    /// operands, and so are the other associative operators.
    fn joined(&mut self, strength: u8, infix: Infix, left: Expr) -> Result<Expr, Error> {
        let at = self.token().at;
        self.next += 1;
        let right = self.operators(strength)?;
        let below = left.height.max(right.height);
        match (infix, left) {
            (
                Infix::Chain(chain),
                Expr {
                    kind: Kind::Chain(known, mut operands),
                    at,
                    height,
                    ..
                },
            ) if known == chain => {
                let below = (height - 1).max(right.height);
                operands.push(right);
                self.node(Kind::Chain(chain, operands), at, below)
            }
            (Infix::Chain(chain), left) => {
                self.node(Kind::Chain(chain, vec![left, right]), at, below)
            }
            (Infix::Binary(operator), left) => self.node(
                Kind::Binary(operator, Box::new(left), Box::new(right)),
                at,
                below,
            ),
        }
    }

    /// A run of one operator is one node, or none where they cancel each other: what is negated twice is
    /// not asked whether it can be (cel-go does the same).
    fn unary(&mut self) -> Result<Expr, Error> {
        let operator = match self.peek() {
            TokenKind::Symbol("!") => "!",
            TokenKind::Symbol("-") if !self.is_negative_literal() => "-",
            _ => return self.member(),
        };
        let at = self.token().at;
        let first = self.next;
        while self.eat(operator) {}
        let cancels = (self.next - first).is_multiple_of(2);
        let operand = self.member()?;
        if cancels {
            return Ok(operand);
        }
        let below = operand.height;
        let operand = Box::new(operand);
        let kind = match operator {
            "-" => Kind::Negate(operand),
            _ => Kind::Not(operand),
        };
        self.node(kind, at, below)
    }

    /// Whether the minus that comes next belongs to a number.
    fn is_negative_literal(&self) -> bool {
        let after = self.tokens.get(self.next + 1).map(|token| &token.kind);
        matches!(
            after,
            Some(TokenKind::Integer(_) | TokenKind::Literal(Value::Double(_)))
        )
    }

    fn member(&mut self) -> Result<Expr, Error> {
        let mut left = self.primary()?;
        loop {
            left = match self.peek() {
                TokenKind::Symbol(".") => self.select(left)?,
                TokenKind::Symbol("[") => self.index(left)?,
                TokenKind::Symbol("{")
                    if matches!(left.kind, Kind::Name(_) | Kind::Select { .. }) =>
                {
                    let at = self.token().at;
                    return Err(self.error(at, "message literals are not supported"));
                }
                _ => return Ok(left),
            };
        }
    }

    fn index(&mut self, operand: Expr) -> Result<Expr, Error> {
        let at = self.token().at;
        self.next += 1;
        let optional = self.eat("?");
        let index = self.expression()?;
        self.expect("]")?;
        let below = operand.height.max(index.height);
        let (operand, index) = (Box::new(operand), Box::new(index));
        self.node(
            Kind::Index {
                operand,
                index,
                optional,
            },
            at,
            below,
        )
    }

    fn select(&mut self, operand: Expr) -> Result<Expr, Error> {
        let at = self.token().at;
        self.next += 1;
        let optional = self.eat("?");
        let field = self.field()?;
        if !optional && self.is("(") {
            return self.call(Some(operand), field);
        }
        let below = operand.height;
        self.node(
            Kind::Select {
                operand: Box::new(operand),
                field,
                optional,
            },
            at,
            below,
        )
    }

    fn call(&mut self, target: Option<Expr>, name: Arc<str>) -> Result<Expr, Error> {
        let at = self.token().at;
        let named = self.tokens[self.next - 1].at;
        self.next += 1;
        let arguments = self.arguments()?;
        let below = highest(&arguments).max(target.as_ref().map_or(0, |target| target.height));
        let start = target.as_ref().map_or(named, |target| target.span.start);
        let call = self.node(
            Kind::Call {
                target: target.map(Box::new),
                name,
                arguments,
            },
            at,
            below,
        )?;
        let span = start..call.span.end;
        Ok(Expr { span, ..call })
    }

    fn field(&mut self) -> Result<Arc<str>, Error> {
        let field = match self.peek() {
            TokenKind::Quoted(name) => name.clone(),
            TokenKind::Word(name) if !matches!(&**name, "in" | "true" | "false" | "null") => {
                name.clone()
            }
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        Ok(field)
    }

    /// Arguments up to and with the closing parenthesis.
    fn arguments(&mut self) -> Result<Vec<Expr>, Error> {
        let mut arguments = Vec::new();
        if self.eat(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if !self.eat(",") {
                self.expect(")")?;
                return Ok(arguments);
            }
        }
    }

    /// Delegates at once: this frame is on the stack at every level.
    fn primary(&mut self) -> Result<Expr, Error> {
        let at = self.token().at;
        match self.peek() {
            TokenKind::Word(_) => self.word(at),
            TokenKind::Symbol("(") => self.group(),
            TokenKind::Symbol("[") => self.list(at),
            TokenKind::Symbol("{") => self.map(at),
            TokenKind::Symbol(".") => self.absolute(at),
            _ => self.literal(at),
        }
    }

    /// A name from the root: no variable of a loop has it. The dot stays part of it.
    fn absolute(&mut self, at: usize) -> Result<Expr, Error> {
        self.next += 1;
        let mut named = self.word(at)?;
        if let Kind::Name(name) = &mut named.kind {
            *name = format!(".{name}").into();
        }
        Ok(named)
    }

    fn group(&mut self) -> Result<Expr, Error> {
        self.next += 1;
        let inner = self.expression()?;
        self.expect(")")?;
        Ok(inner)
    }

    fn literal(&mut self, at: usize) -> Result<Expr, Error> {
        let negative = self.eat("-");
        let value = match self.peek() {
            TokenKind::Integer(digits) => self.signed(*digits, negative, at)?,
            TokenKind::Literal(Value::Double(double)) if negative => Value::Double(-double),
            TokenKind::Literal(value) => value.clone(),
            _ => return Err(self.unexpected()),
        };
        self.next += 1;
        self.node(Kind::Literal(value), at, 0)
    }

    fn signed(&self, digits: u64, negative: bool, at: usize) -> Result<Value, Error> {
        let magnitude = i128::from(digits);
        i64::try_from(if negative { -magnitude } else { magnitude })
            .map(Value::Int)
            .map_err(|_| self.error(at, "invalid int literal"))
    }

    fn word(&mut self, at: usize) -> Result<Expr, Error> {
        let TokenKind::Word(word) = self.peek().clone() else {
            return Err(self.unexpected());
        };
        let literal = match &*word {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            "null" => Some(Value::Null),
            reserved if RESERVED.contains(&reserved) => {
                return Err(self.error(at, format!("reserved identifier: {reserved}")));
            }
            _ => None,
        };
        self.next += 1;
        if let Some(value) = literal {
            return self.node(Kind::Literal(value), at, 0);
        }
        if self.is("(") {
            self.call(None, word)
        } else {
            self.node(Kind::Name(word), at, 0)
        }
    }

    fn list(&mut self, at: usize) -> Result<Expr, Error> {
        self.next += 1;
        let mut items = Vec::new();
        while !self.eat("]") {
            let optional = self.eat("?");
            items.push(Item {
                value: self.expression()?,
                optional,
            });
            if !self.eat(",") {
                self.expect("]")?;
                break;
            }
        }
        let below = items
            .iter()
            .map(|item| item.value.height)
            .max()
            .unwrap_or_default();
        self.node(Kind::List(items), at, below)
    }

    fn map(&mut self, at: usize) -> Result<Expr, Error> {
        self.next += 1;
        let mut entries = Vec::new();
        while !self.eat("}") {
            let optional = self.eat("?");
            let key = self.expression()?;
            self.expect(":")?;
            entries.push(Entry {
                key,
                value: self.expression()?,
                optional,
            });
            if !self.eat(",") {
                self.expect("}")?;
                break;
            }
        }
        let below = entries
            .iter()
            .map(|entry| entry.key.height.max(entry.value.height))
            .max()
            .unwrap_or_default();
        self.node(Kind::Map(entries), at, below)
    }
}

fn highest(exprs: &[Expr]) -> usize {
    exprs
        .iter()
        .map(|expr| expr.height)
        .max()
        .unwrap_or_default()
}
