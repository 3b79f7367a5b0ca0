//! What a plain or tagged scalar means to kubectl: YAML 1.1 as go-yaml reads it, not as Rust parsers do
//! (`yes` is true, `010` is 8). Knows text only; where a scalar is, `parse` says.

use std::borrow::Cow;

use super::Meaning;

/// The meaning of a plain (unquoted) scalar without a tag.
pub(super) fn resolve_plain(text: &str) -> Meaning<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Meaning::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Meaning::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Meaning::Bool(false);
        }
        _ => {}
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return Meaning::str(text);
    }
    let digits: Cow<str> = match text.contains('_') {
        true => text.replace('_', "").into(),
        false => text.into(),
    };
    if let Some(number) = integer(&digits) {
        return Meaning::Int(number);
    }
    if is_float(&digits) || is_special_float(text) {
        Meaning::Float(digits)
    } else {
        Meaning::str(text)
    }
}

/// The meaning of a scalar under a tag of YAML's own (`!!str`, `!!bool`, ...); the tag as `tag:yaml.org,2002:` suffix.
pub(super) fn resolve_tagged<'t>(suffix: &str, text: &'t str) -> Meaning<'t> {
    let plain = resolve_plain(text);
    match (suffix, plain) {
        ("str" | "binary", _) => Meaning::str(text),
        ("bool", value @ Meaning::Bool(_))
        | ("int", value @ Meaning::Int(_))
        | ("null", value @ Meaning::Null)
        | ("float", value @ Meaning::Float(_)) => value,
        ("float", Meaning::Int(n)) => Meaning::Float(n.to_string().into()),
        _ => Meaning::Tagged(format!("!!{suffix}").into(), Box::new(Meaning::str(text))),
    }
}

/// Go's `ParseInt(text, 0, 64)`, then `ParseUint`: signs, `0x`, `0b`, `0o` and a leading zero for octal.
fn integer(text: &str) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let (radix, digits) = match digits.get(..2) {
        Some("0x" | "0X") => (16, &digits[2..]),
        Some("0b" | "0B") => (2, &digits[2..]),
        Some("0o" | "0O") => (8, &digits[2..]),
        Some(_) if digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let number = sign * i128::from_str_radix(digits, radix).ok()?;
    (i128::from(i64::MIN)..=i128::from(u64::MAX))
        .contains(&number)
        .then_some(number)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let mantissa_fits = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && all_digits(fraction),
        Some((whole, fraction)) => all_digits(whole) && all_digits(fraction),
        None => !mantissa.is_empty() && all_digits(mantissa),
    };
    mantissa_fits && exponent.is_none_or(|e| !e.is_empty() && all_digits(e))
}

fn is_special_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    matches!(text, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

/// Whether `text` can be written without quotes and read as the same string by every YAML version.
pub(super) fn is_plain_safe(text: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/');
    text.bytes().all(inner)
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && matches!(resolve_plain(text), Meaning::Str(_))
}

#[cfg(test)]
mod tests {
    use super::super::Value;
    use super::*;

    #[test]
    fn plain_scalars_are_typed_as_kubectl_types_them() {
        let int = |n| Value::Int(n);
        let float = |s: &'static str| Value::Float(s.into());
        let table = [
            ("", Value::Null),
            ("~", Value::Null),
            ("Null", Value::Null),
            ("nULL", Value::str("nULL")),
            ("yes", Value::Bool(true)),
            ("on", Value::Bool(true)),
            ("y", Value::Bool(true)),
            ("TRUE", Value::Bool(true)),
            ("tRUE", Value::str("tRUE")),
            ("off", Value::Bool(false)),
            ("N", Value::Bool(false)),
            ("0", int(0)),
            ("010", int(8)),
            ("0o17", int(15)),
            ("0x1F", int(31)),
            ("0b101", int(5)),
            ("1_000", int(1000)),
            ("-3", int(-3)),
            ("+3", int(3)),
            ("08", float("08")),
            ("18446744073709551615", int(18_446_744_073_709_551_615)),
            ("18446744073709551616", float("18446744073709551616")),
            ("0.0", float("0.0")),
            ("1e3", float("1e3")),
            (".5", float(".5")),
            ("-.inf", float("-.inf")),
            ("1.2.3", Value::str("1.2.3")),
            ("1000m", Value::str("1000m")),
            ("-", Value::str("-")),
            ("--1", Value::str("--1")),
            ("RuntimeDefault", Value::str("RuntimeDefault")),
        ];
        for (text, value) in table {
            assert_eq!(resolve_plain(text), value, "{text:?}");
        }
    }

    #[test]
    fn tags_decide() {
        assert_eq!(resolve_tagged("bool", "true"), Value::Bool(true));
        assert_eq!(resolve_tagged("str", "true"), Value::str("true"));
        assert_eq!(resolve_tagged("int", "010"), Value::Int(8));
    }

    #[test]
    fn only_unmistakable_strings_go_unquoted() {
        for text in ["ALL", "/tmp", "var-run", "net.ipv4.ip_unprivileged_port_start"] {
            assert!(is_plain_safe(text), "{text}");
        }
        for text in ["0", "yes", "", "-x", "a b", "a:b", "null", "1e3", "#a"] {
            assert!(!is_plain_safe(text), "{text}");
        }
    }
}
