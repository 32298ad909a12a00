//! Networks: an address and how many of its bits are the network's.

use std::net::IpAddr;

use super::ip::{self, Address};
use super::{opaque, quoted};
use crate::error::Error;
use crate::evaluate::Budget;
use crate::library::{Function, Outcome, global, member, mismatch, text};
use crate::value::{Opaque, Value};

pub(super) const TYPE: &str = "net.CIDR";

const PARSE_ERROR: &str = "network address parse error during conversion from string";

pub(super) const FUNCTIONS: &[Function] = &[
    global("cidr", &["string -> net.CIDR"], |arguments, budget| {
        Ok(Value::opaque(network(text("cidr", arguments, 0)?, budget)?))
    }),
    global("isCIDR", &["string -> bool"], |arguments, budget| {
        let network = parse(text("isCIDR", arguments, 0)?, budget)?;
        Ok(Value::Bool(network.is_ok()))
    }),
    member(
        "containsIP",
        &["net.CIDR, string -> bool", "net.CIDR, net.IP -> bool"],
        contains_address,
    ),
    member(
        "containsCIDR",
        &["net.CIDR, string -> bool", "net.CIDR, net.CIDR -> bool"],
        contains_network,
    ),
    member("prefixLength", &["net.CIDR -> int"], |arguments, _| {
        let network = opaque::<Network>("prefixLength", arguments, 0)?;
        Ok(Value::Int(i64::from(network.bits)))
    }),
    member("masked", &["net.CIDR -> net.CIDR"], |arguments, _| {
        let network = opaque::<Network>("masked", arguments, 0)?;
        Ok(Value::opaque(network.masked(network.bits)))
    }),
];

/// A network. Bits of the address beyond the network's are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    bits: u8,
}

impl Opaque for Network {
    fn type_name(&self) -> &'static str {
        TYPE
    }

    fn equals(&self, other: &dyn Opaque) -> bool {
        other.downcast() == Some(self)
    }

    fn text(&self) -> Option<String> {
        Some(format!("{}/{}", self.address, self.bits))
    }
}

impl Network {
    /// The network of so many bits around this one, its other bits zero.
    fn masked(&self, bits: u8) -> Self {
        let kept = |width: u32| width.saturating_sub(u32::from(bits));
        let address = match self.address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(kept(u32::BITS)).unwrap_or(0);
                IpAddr::V4((address.to_bits() & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(kept(u128::BITS)).unwrap_or(0);
                IpAddr::V6((address.to_bits() & mask).into())
            }
        };
        Self { address, bits }
    }

    fn contains(&self, other: Self) -> bool {
        self.address.is_ipv4() == other.address.is_ipv4()
            && self.bits <= other.bits
            && self.masked(self.bits) == other.masked(self.bits)
    }
}

/// Reads a network, or says what is wrong with the text.
///
/// # Errors
/// The budget is spent.
fn parse(text: &str, budget: &mut Budget) -> Result<Result<Network, String>, Error> {
    budget.steps(text.len() / 16)?;
    let wrong = |reason: &str| {
        format!(
            "{PARSE_ERROR}: netip.ParsePrefix({}): {reason}",
            quoted(text)
        )
    };
    Ok(match split(text) {
        Ok(network) if ip::is_mapped(network.address) => Err(ip::mapped(text)),
        Ok(network) => Ok(network),
        Err(reason) => Err(wrong(&reason)),
    })
}

fn split(text: &str) -> Result<Network, String> {
    let (address, length) = text.rsplit_once('/').ok_or("no '/'")?;
    let (address, zone) = ip::parse_any(address)?;
    if !zone.is_empty() {
        return Err("IPv6 zones cannot be present in a prefix".to_owned());
    }
    let number = length == "0" || !length.starts_with(['0', '+', '-']);
    let bits: i64 = number
        .then(|| length.parse().ok())
        .flatten()
        .ok_or_else(|| format!("bad bits after slash: {}", quoted(length)))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    match u8::try_from(bits) {
        Ok(bits) if bits <= most => Ok(Network { address, bits }),
        _ => Err("prefix length out of range".to_owned()),
    }
}

fn network(text: &str, budget: &mut Budget) -> Result<Network, Error> {
    let network = parse(text, budget)?;
    network.map_err(|reason| Error::argument(format!("{PARSE_ERROR}: {reason}")))
}

/// `cidr.ip()`.
pub(super) fn address(arguments: &[Value], _: &mut Budget) -> Outcome {
    let network = opaque::<Network>("ip", arguments, 0)?;
    Ok(Value::opaque(Address(network.address)))
}

fn contains_address(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let network = opaque::<Network>("containsIP", arguments, 0)?;
    let Address(address) = match arguments.get(1) {
        // What is wrong with the text is not told.
        Some(Value::String(text)) => {
            ip::parse(text, budget)?.map_err(|_| mismatch("containsIP", arguments))?
        }
        _ => *opaque("containsIP", arguments, 1)?,
    };
    let bits = if address.is_ipv4() { 32 } else { 128 };
    Ok(Value::Bool(network.contains(Network { address, bits })))
}

fn contains_network(arguments: &[Value], budget: &mut Budget) -> Outcome {
    let outer = opaque::<Network>("containsCIDR", arguments, 0)?;
    let inner = match arguments.get(1) {
        Some(Value::String(text)) => network(text, budget)?,
        _ => *opaque("containsCIDR", arguments, 1)?,
    };
    Ok(Value::Bool(outer.contains(inner)))
}
