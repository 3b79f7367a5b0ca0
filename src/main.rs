//! Arguments in, exit code out. Everything else is the library's.

mod cli;

use std::ffi::OsString;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::{CommandFactory, Parser};
use harden::explain::{self, Answer};
use harden::report::Paint;
use harden::{Exit, Streams};

use cli::{Cli, ColorWord, Command};

/// Parsing allocates many small texts.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    if let Some(mistake) = cli::first_word_mistake(&arguments) {
        return usage_error(&mistake);
    }
    let mut cli = Cli::parse_from(arguments);
    let exit = match cli.command.take() {
        Some(Command::Explain { word, config }) => answer(&explain::explain(word.as_deref(), &config.choice())),
        Some(Command::Profile { command }) => {
            let (question, config) = command.question();
            answer(&explain::profile(&question, &config, &mut io::stdin()))
        }
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "harden", &mut script);
            print(&String::from_utf8_lossy(&script))
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

/// Prints the answer to a question, and what is wrong beside it.
fn answer(answer: &Answer) -> Exit {
    let printed = print(&answer.text);
    answer
        .problems
        .iter()
        .map(|problem| complain(problem))
        .fold(printed, Exit::max)
}

fn print(text: &str) -> Exit {
    match io::stdout().write_all(text.as_bytes()) {
        // A reader that has left wants no more.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => complain(&error.to_string()),
        _ => Exit::Clean,
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
