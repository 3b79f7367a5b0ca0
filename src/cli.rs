//! The command line: its words, its help, and its translation into `Options`. Reads nothing but arguments.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser;
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use harden::checks::{Level, PolicyVersion};
use harden::config::Accept;
use harden::explain::ProfileQuestion;
use harden::kube::namespace;
use harden::kube::release::Release;
use harden::options::{ConfigChoice, Format, Mode, Options, Rules, Verbosity};

/// Words kept for coming versions, so that scripts cannot come to depend on folders of these names.
pub(crate) const RESERVED: [&str; 4] = ["config", "render", "post-render", "fn"];

const EXAMPLES: &str = "\
Examples:
  harden                                  show what would change below the working directory
  harden --write k8s                      harden the manifests below k8s in place
  harden --check .                        for CI: list what would change or is blocked
  harden k8s | git apply                  the same as --write, by way of a patch
  helm template shop | harden - > x.yaml  harden what another program prints
  harden --output-format text k8s         explain each change and each blocker

Exit codes:
  0  nothing left to do
  1  changes are needed (diff, --check), or blocked workloads remain; --exit-zero makes it 0
  2  wrong usage, a broken config, a missing path, or a file that failed";

const MODES: &str = "\
Mode                      Files    Standard output                         Exit 1 when
harden [PATH]...          kept     a diff for `git apply`, `patch -p1`     changes or blockers
harden --check [PATH]...  kept     paths that would change, blocked ones   changes or blockers
harden --write [PATH]...  written  nothing                                 blockers remain
harden -                  kept     the hardened text (nothing on exit 2)   blockers remain

Data goes to standard output, everything else to standard error.";

/// Rewrites Kubernetes manifests so that every workload passes Pod Security `restricted` and still boots.
///
/// Without --write no file is touched: the result is a diff.
#[derive(Debug, Parser)]
#[command(
    name = "harden",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true
)]
#[command(before_long_help = MODES, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    run: RunArguments,
}

#[derive(Debug, Args)]
struct RunArguments {
    /// Files and folders to harden, `.` if none is given; `-` alone reads standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    modes: ModeArguments,
    #[command(flatten)]
    rules: RuleArguments,
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    output: OutputArguments,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Mode")]
struct ModeArguments {
    /// Change the files in place instead of printing a diff
    #[arg(short, long, conflicts_with = "check")]
    write: bool,

    /// List the paths that would change and the workloads that are blocked
    #[arg(long)]
    check: bool,

    /// Exit with 0 where the code would be 1; 2 stays 2
    #[arg(long)]
    exit_zero: bool,

    /// The path at which the text on standard input belongs, for config and reports; it is not read
    #[arg(long, value_name = "PATH", alias = "stdin-filepath")]
    stdin_filename: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "What to change")]
struct RuleArguments {
    /// The Pod Security level to reach, whatever config and namespace labels say
    #[arg(long, value_parser = words::<Level>(&["privileged", "baseline", "restricted"]))]
    level: Option<Level>,

    /// The release whose Pod Security rules apply: `latest` or `v1.N`
    #[arg(long, value_name = "VERSION", value_parser = PolicyVersion::from_str)]
    policy_version: Option<PolicyVersion>,

    /// The release of the cluster, such as `1.30`: fields that it does not know are not written
    #[arg(long, value_name = "RELEASE", value_parser = Release::from_str)]
    kube_version: Option<Release>,

    /// How far to go: known facts only, also marked assumptions [default], or also against explicit settings
    #[arg(long, value_name = "BASIS", value_parser = words::<Accept>(&["safe", "assumed", "override"]))]
    accept: Option<Accept>,

    /// Harden what can be hardened in workloads that cannot pass as a whole
    #[arg(long)]
    best_effort: bool,

    /// Also make root filesystems read-only in workloads that pass already, where tested facts allow it
    #[arg(long)]
    improve: bool,

    /// Do not honour `harden: ignore` comments and annotations
    #[arg(long)]
    no_ignore: bool,

    /// Write these Pod Security labels on Namespace manifests, such as `audit,warn`; `enforce` only where every workload
    /// of the namespace in the repository passes
    #[arg(long, value_name = "MODE", value_delimiter = ',', value_parser = words::<namespace::Mode>(&["warn", "audit", "enforce"]))]
    label_namespaces: Vec<namespace::Mode>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Config")]
pub(crate) struct ConfigArguments {
    /// Use this config for all files instead of the nearest harden.yaml
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    config: Option<PathBuf>,

    /// Use no config
    #[arg(long)]
    no_config: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct OutputArguments {
    /// Print this instead of the mode's own output; what happens to files stays the same
    #[arg(long, value_name = "FORMAT", value_enum)]
    output_format: Option<FormatWord>,

    /// Print to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output_file: Option<PathBuf>,

    /// Print errors only, no summary and no progress bar
    #[arg(short, long, conflicts_with = "verbose")]
    quiet: bool,

    /// Also say what was left alone and why
    #[arg(short, long, action = ArgAction::SetTrue)]
    verbose: bool,

    /// When to use colour; `auto` is on terminals only, and heeds NO_COLOR and CLICOLOR_FORCE
    #[arg(long, value_name = "WHEN", value_enum, default_value_t = ColorWord::Auto)]
    color: ColorWord,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatWord {
    /// A unified diff
    Diff,
    /// Each workload with its changes, blockers and reasons
    Text,
    /// The same for programs; the shape is a contract
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWord {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Explain a check or what is known of an image; list the checks if neither is named
    Explain {
        /// A check such as `runAsNonRoot`, or an image such as `postgres:16`
        #[arg(value_name = "CHECK|IMAGE")]
        word: Option<String>,
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// List, show, check or make image profiles
    Profile {
        #[command(subcommand)]
        command: ProfileCommand,
    },
    /// Print a completion script for a shell
    Completions {
        #[arg(value_enum)]
        shell: Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProfileCommand {
    /// List the profiles: image, variants, uid, read-only root, evidence
    List {
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// Show what is known of an image, and which profile or config entry says it
    Show {
        #[arg(value_name = "IMAGE|NAME")]
        name: String,
        #[command(flatten)]
        config: ConfigArguments,
    },
    /// Check that files are valid profiles
    Check {
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
    },
    /// Print a profile made of what an image says about itself
    Import {
        /// The image, as in a manifest
        #[arg(long, value_name = "IMAGE")]
        image: String,
        /// An image configuration (skopeo inspect --config), the output of docker image inspect or docker diff, an OCI
        /// layout, a saved image or a Dockerfile; `-` is standard input
        #[arg(value_name = "FROM")]
        from: PathBuf,
        #[command(flatten)]
        config: ConfigArguments,
    },
}

impl ConfigArguments {
    pub(crate) fn choice(self) -> ConfigChoice {
        match (self.config, self.no_config) {
            (Some(path), _) => ConfigChoice::File(path),
            (None, true) => ConfigChoice::None,
            (None, false) => ConfigChoice::Nearest,
        }
    }
}

impl ProfileCommand {
    /// What is asked, and under which config.
    pub(crate) fn question(self) -> (ProfileQuestion, ConfigChoice) {
        match self {
            ProfileCommand::List { config } => (ProfileQuestion::List, config.choice()),
            ProfileCommand::Show { name, config } => (ProfileQuestion::Show(name), config.choice()),
            ProfileCommand::Check { files } => (ProfileQuestion::Check(files), ConfigChoice::None),
            ProfileCommand::Import { image, from, config } => {
                (ProfileQuestion::Import { image, from }, config.choice())
            }
        }
    }
}

impl Cli {
    pub(crate) fn color(&self) -> ColorWord {
        self.run.output.color
    }

    /// What to run. The error is one line about a use that the flags alone do not rule out.
    pub(crate) fn into_options(self) -> Result<Options, String> {
        let RunArguments {
            paths,
            modes,
            rules,
            config,
            output,
        } = self.run;
        let dash = Path::new("-");
        let stdin = paths.iter().any(|path| path == dash);
        if stdin && paths.len() > 1 {
            return Err(
                "`-` stands alone: name either standard input or paths (a file called `-` is `./-`)".to_string(),
            );
        }
        if stdin && modes.write {
            return Err("`-` and --write exclude each other: `harden -` prints the hardened manifests".to_string());
        }
        if modes.stdin_filename.is_some() && !stdin {
            return Err("--stdin-filename needs `-`, which reads standard input".to_string());
        }
        Ok(Options {
            mode: match (stdin, modes.write, modes.check) {
                (_, _, true) => Mode::Check,
                (true, ..) => Mode::Filter,
                (_, true, _) => Mode::Write,
                _ => Mode::Diff,
            },
            paths: if stdin { Vec::new() } else { paths },
            stdin,
            stdin_filename: modes.stdin_filename,
            output_format: output.output_format.map(|word| match word {
                FormatWord::Diff => Format::Diff,
                FormatWord::Text => Format::Text,
                FormatWord::Json => Format::Json,
            }),
            output_file: output.output_file,
            config: config.choice(),
            rules: Rules {
                level: rules.level,
                policy_version: rules.policy_version,
                kube_version: rules.kube_version,
                accept: rules.accept,
                best_effort: rules.best_effort,
                improve: rules.improve,
                no_ignore: rules.no_ignore,
                label_namespaces: rules.label_namespaces,
            },
            exit_zero: modes.exit_zero,
            verbosity: match (output.quiet, output.verbose) {
                (true, _) => Verbosity::Quiet,
                (_, true) => Verbosity::Verbose,
                _ => Verbosity::Normal,
            },
        })
    }
}

/// A mistake about the first word that clap cannot see: a subcommand that is a path too, a reserved word, or a
/// misspelt subcommand, or a flag without its dashes, where no such path exists.
pub(crate) fn first_word_mistake(arguments: &[OsString]) -> Option<String> {
    let word = arguments.get(1)?.to_str()?;
    let exists = harden::files::exists(Path::new(word));
    let commands = subcommands();
    let is_command = commands.iter().any(|name| name == word);
    let is_reserved = RESERVED.contains(&word);
    if (is_command || is_reserved) && exists {
        let what = if is_command {
            "a command"
        } else {
            "kept for a coming command"
        };
        return Some(format!(
            "`{word}` is {what} and a path here: write `./{word}` for the path; a command needs another folder"
        ));
    }
    if is_reserved {
        return Some(format!(
            "`{word}` is reserved for a coming version; a path of that name is `./{word}`"
        ));
    }
    if is_command || exists || word.starts_with('-') {
        return None;
    }
    let distance = |name: &String| strsim::damerau_levenshtein(name, word);
    let near = |names: Vec<String>| {
        let near = names.into_iter().filter(|name| distance(name) <= 2);
        near.min_by_key(distance)
    };
    let command = near(commands).map(|name| format!("the command `harden {name}`"));
    let flag = || near(long_flags()).map(|name| format!("the flag `harden --{name}`"));
    let meant = command.or_else(flag)?;
    Some(format!("{word}: no such file or directory; did you mean {meant}?"))
}

fn long_flags() -> Vec<String> {
    let command = Cli::command();
    let longs = command.get_arguments().filter_map(clap::Arg::get_long);
    longs.map(str::to_string).collect()
}

fn subcommands() -> Vec<String> {
    let command = Cli::command();
    let names = command.get_subcommands().map(|sub| sub.get_name().to_string());
    names.chain(["help".to_string()]).collect()
}

/// A value that must be one of `names`, which are listed in help and completions.
fn words<T: FromStr + Clone + Send + Sync + 'static>(
    names: &'static [&'static str],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(names)
        .try_map(|word| word.parse::<T>().map_err(|_| format!("{word} is not one of the words")))
}
