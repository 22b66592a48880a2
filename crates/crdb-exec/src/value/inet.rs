use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use bytes::{BufMut as _, BytesMut};
use postgres_types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use super::{BoxError, ValueError, holds_all};

/// An `INET` or a `CIDR`: an address and how many of its bits name the network.
///
/// `IpAddr` has no prefix, so it is given only addresses of single hosts; types of networks have no host bits.
///
/// ```
/// use crdb_exec::Inet;
///
/// let inet: Inet = "10.1.2.3/24".parse()?;
/// assert_eq!((inet.address().to_string().as_str(), inet.prefix()), ("10.1.2.3", 24));
/// assert!(std::net::IpAddr::try_from(inet).is_err());
/// # Ok::<(), crdb_exec::ValueError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inet {
    address: IpAddr,
    prefix: u8,
}

impl Inet {
    /// An address with a prefix of this many bits; `None` above 32 (IPv4) or 128 (IPv6).
    #[must_use]
    pub const fn new(address: IpAddr, prefix: u8) -> Option<Self> {
        if prefix > bits(address) {
            return None;
        }
        Some(Self { address, prefix })
    }

    /// The address with all of its bits.
    #[must_use]
    pub const fn address(self) -> IpAddr {
        self.address
    }

    /// The number of leading bits that name the network.
    #[must_use]
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Whether the prefix covers the whole address.
    #[must_use]
    pub const fn is_host(self) -> bool {
        self.prefix == bits(self.address)
    }
}

const fn bits(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

impl From<IpAddr> for Inet {
    fn from(address: IpAddr) -> Self {
        let prefix = bits(address);
        Self { address, prefix }
    }
}

/// Refuses a prefix that is shorter than the address.
impl TryFrom<Inet> for IpAddr {
    type Error = ValueError;

    fn try_from(inet: Inet) -> Result<Self, ValueError> {
        match inet.is_host() {
            true => Ok(inet.address),
            false => Err(ValueError::new(
                "an address without its network is another value",
            )),
        }
    }
}

/// As the servers print it: the prefix only where it is not the whole address.
impl fmt::Display for Inet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_host() {
            true => write!(f, "{}", self.address),
            false => write!(f, "{}/{}", self.address, self.prefix),
        }
    }
}

impl FromStr for Inet {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let error =
            ValueError::new("expected an address, or an address and a prefix like 10.1.2.3/24");
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(IpAddr::into).map_err(|_| error);
        };
        let address = address.parse().map_err(|_| error)?;
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|_| is_number).ok_or(error)?;
        Self::new(address, prefix).ok_or(error)
    }
}

/// PostgreSQL's numbers for the address families (`PGSQL_AF_INET` and its sibling in src/include/utils/inet.h);
/// CockroachDB sends the same (`PGBinaryIPv4family` in pkg/sql/pgwire/pgwirebase/encoding.go).
const IPV4: u8 = 2;
const IPV6: u8 = 3;

impl<'a> FromSql<'a> for Inet {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, BoxError> {
        let (address, prefix): (IpAddr, u8) = match *raw {
            [IPV4, prefix, _, 4, ref address @ ..] => {
                let octets: [u8; 4] = address.try_into()?;
                (Ipv4Addr::from(octets).into(), prefix)
            }
            [IPV6, prefix, _, 16, ref address @ ..] => {
                let octets: [u8; 16] = address.try_into()?;
                (Ipv6Addr::from(octets).into(), prefix)
            }
            _ => return Err("an INET is of neither known address family".into()),
        };
        Self::new(address, prefix).ok_or_else(|| "the prefix is longer than the address".into())
    }

    fn accepts(sql_type: &Type) -> bool {
        holds_all(sql_type, &Type::INET) || *sql_type == Type::CIDR
    }
}

impl ToSql for Inet {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, BoxError> {
        let is_cidr = u8::from(*sql_type == Type::CIDR);
        match self.address {
            IpAddr::V4(address) => {
                out.put_slice(&[IPV4, self.prefix, is_cidr, 4]);
                out.put_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                out.put_slice(&[IPV6, self.prefix, is_cidr, 16]);
                out.put_slice(&address.octets());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(*sql_type, Type::INET | Type::CIDR)
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_written_as_the_servers_do() {
        for (text, written) in [
            ("10.1.2.3/24", Some("10.1.2.3/24")),
            ("10.1.2.3/32", Some("10.1.2.3")),
            ("10.1.2.3", Some("10.1.2.3")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("::1/64", Some("::1/64")),
            ("::1/128", Some("::1")),
            ("10.1.2.3/33", None),
            ("::1/129", None),
            ("10.1.2.3/", None),
            ("10.1.2.3/+8", None),
            ("10.1.2/24", None),
            ("", None),
        ] {
            let read = text.parse::<Inet>().ok().map(|inet| inet.to_string());
            assert_eq!(read.as_deref(), written, "{text:?}");
        }
    }
}
