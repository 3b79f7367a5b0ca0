//! The whole condition language of profiles: a handful of keys, all of which must hold.
//! Knows no manifest; the planner says what it saw as a `Setting`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::paths::is_within;

/// When a path, port or variable of a profile counts. Empty: always.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Condition {
    /// One of the command's or the arguments' words contains this text.
    pub args: Option<String>,
    /// None of them does.
    pub no_args: Option<String>,
    /// A volume is mounted at this path, above it or below it.
    pub mounted: Option<String>,
    pub not_mounted: Option<String>,
    /// The variable is set in the container, to whatever value, or may be; `X_*` is every one that starts so.
    pub env: Option<String>,
    /// No such variable is named in the container.
    pub no_env: Option<String>,
    /// `false`: only where the image's own entrypoint runs; `true`: only where `command` replaces it.
    pub command: Option<bool>,
}

/// What a container says, and will be, as far as profiles ask about it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Setting<'a> {
    /// The words of `command` and `args`, in order.
    pub words: Vec<&'a str>,
    /// Whether `command` is set.
    pub command: bool,
    /// Names of environment variables.
    pub env: Vec<&'a str>,
    /// Whether there are others, whose names the manifest does not say. Each may be there then: what follows from a
    /// variable is a place to write or a port, and one too many harms less than one too few.
    pub more_env: bool,
    /// Mount paths, cleaned.
    pub mounts: Vec<&'a str>,
    /// Whether the root will be read-only.
    pub read_only_root: bool,
    /// Whether it will run under another uid than the image's own.
    pub foreign_user: bool,
}

impl Condition {
    pub fn holds(&self, seen: &Setting<'_>) -> bool {
        let word = |text: &String| seen.words.iter().any(|w| w.contains(text.as_str()));
        let mount = |path: &String| seen.mounts.iter().any(|m| is_within(m, path) || is_within(path, m));
        let env = |name: &String| match name.strip_suffix('*') {
            Some(start) => seen.env.iter().any(|set| set.starts_with(start)),
            None => seen.env.contains(&name.as_str()),
        };
        self.args.as_ref().is_none_or(word)
            && !self.no_args.as_ref().is_some_and(word)
            && self.mounted.as_ref().is_none_or(mount)
            && !self.not_mounted.as_ref().is_some_and(mount)
            && self.env.as_ref().is_none_or(|name| seen.more_env || env(name))
            && !self.no_env.as_ref().is_some_and(env)
            && self.command.is_none_or(|wanted| wanted == seen.command)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{Condition, Setting};

    #[test]
    fn every_key_must_hold() {
        let seen = Setting {
            words: vec!["redis-server", "--save", ""],
            command: false,
            env: vec!["REDIS_HOST"],
            mounts: vec!["/etc/nginx/nginx.conf", "/data", "/var/run"],
            ..Setting::default()
        };
        let cases = [
            ("{}", true),
            ("{args: --save}", true),
            ("{args: --appendonly}", false),
            ("{no-args: --appendonly}", true),
            ("{no-args: --save}", false),
            ("{mounted: /etc/nginx}", true),
            ("{mounted: /data/db}", true),
            ("{mounted: /dat}", false),
            ("{mounted: /run/x}", true),
            ("{not-mounted: /etc/nginx}", false),
            ("{not-mounted: /etc/apache}", true),
            ("{env: REDIS_HOST}", true),
            ("{env: REDIS}", false),
            ("{env: REDIS_*}", true),
            ("{env: HOST_*}", false),
            ("{no-env: REDIS_HOST}", false),
            ("{command: false}", true),
            ("{command: true}", false),
            ("{env: REDIS_HOST, args: --appendonly}", false),
        ];
        for (text, expected) in cases {
            let condition: Condition = serde_yaml::from_str(text).unwrap();
            assert_eq!(condition.holds(&seen), expected, "{text}");
        }
    }

    #[test]
    fn variables_from_elsewhere_may_be_any() {
        let seen = Setting {
            more_env: true,
            ..Setting::default()
        };
        for text in ["{env: REDIS_HOST}", "{no-env: REDIS_HOST}"] {
            let condition: Condition = serde_yaml::from_str(text).unwrap();
            assert!(condition.holds(&seen), "{text}");
        }
    }
}
