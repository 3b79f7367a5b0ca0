//! Arguments in, exit code out. Everything else is the library's.

mod cli;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{CommandFactory, Parser};
use harden::report::Paint;
use harden::{Exit, Streams};

use cli::{Cli, ColorWord, Command, ProfileCommand};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(mistake) = cli::first_word_mistake(&arguments) {
        return usage_error(&mistake);
    }
    let mut cli = Cli::parse_from(arguments);
    let exit = match cli.command.take() {
        Some(Command::Explain { word }) => {
            let unknown = word.clone().unwrap_or_default();
            let text = harden::explain::explain(word.as_deref());
            answer(text.ok_or_else(|| format!("{unknown}: neither a check nor a known image; see `harden explain`")))
        }
        Some(Command::Profile {
            command: ProfileCommand::Import { image, from },
        }) => {
            let profile = harden::import::import(&image, &from, &mut io::stdin());
            answer(profile.map_err(|error| error.to_string()))
        }
        Some(Command::Profile { command }) => {
            let question = command.question();
            answer(question.map_or(Ok(String::new()), |question| harden::explain::profile(&question)))
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "harden", &mut script);
            answer(Ok(String::from_utf8_lossy(&script).into_owned()))
        }
        None => run(cli),
    };
    ExitCode::from(exit.code())
}

fn run(cli: Cli) -> Exit {
    let choice = match cli.color() {
        ColorWord::Auto => ColorChoice::Auto,
        ColorWord::Always => ColorChoice::Always,
        ColorWord::Never => ColorChoice::Never,
    };
    let options = match cli.into_options() {
        Ok(options) => options,
        Err(mistake) => {
            usage_error(&mistake);
            return Exit::Trouble;
        }
    };
    let (out, err) = (io::stdout(), io::stderr());
    let paint = |resolved: ColorChoice| Paint {
        on: resolved != ColorChoice::Never,
    };
    let (out_paint, err_paint) = if choice == ColorChoice::Auto {
        (paint(AutoStream::choice(&out)), paint(AutoStream::choice(&err)))
    } else {
        (paint(choice), paint(choice))
    };
    let mut streams = Streams {
        input: &mut io::stdin(),
        out: &mut BufWriter::new(out),
        out_paint,
        progress: err.is_terminal(),
        err: &mut io::stderr(),
        err_paint,
    };
    harden::run(&options, &mut streams)
}

/// Prints the answer to a question, or why there is none.
fn answer(text: Result<String, String>) -> Exit {
    match text {
        // A reader that has left wants no more.
        Ok(text) => match io::stdout().write_all(text.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => complain(&error.to_string()),
            _ => Exit::Clean,
        },
        Err(message) => complain(&message),
    }
}

fn usage_error(mistake: &str) -> ExitCode {
    complain(mistake);
    let _ = writeln!(io::stderr(), "\nFor more information, try 'harden --help'.");
    ExitCode::from(Exit::Trouble.code())
}

fn complain(message: &str) -> Exit {
    let _ = writeln!(io::stderr(), "error: {message}");
    Exit::Trouble
}
