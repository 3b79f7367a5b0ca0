//! Probes that run a program which gives up where its uid has no name. The image knows its own uid only; what the probe
//! should run instead is its author's to say, so that this is a note.

use super::case::Case;
use super::draft::Draft;
use super::seat::Seat;
use super::user::User;
use super::words::{self, base_name, started};
use crate::profiles::{Probe, Setting};

pub(super) fn note(case: &Case, users: &[User], draft: &mut Draft) {
    for (seat, user) in case.seats.iter().zip(users) {
        let setting = user.setting(seat, false);
        // Of whom nobody says the uid stays root, who has a name everywhere.
        if *user != User::Unsaid && setting.foreign_user {
            note_of(seat, user, &setting, draft);
        }
    }
}

fn note_of(seat: &Seat, user: &User, setting: &Setting, draft: &mut Draft) {
    let facts = seat.known.as_ref().map(|known| known.facts.probes.as_slice());
    let facts = facts.unwrap_or_default().iter().map(|fact| &fact.value);
    let facts: Vec<&Probe> = facts.filter(|probe| probe.only_if.holds(setting)).collect();
    for run in words::runs(seat).filter(words::Run::is_probe) {
        let commands = words::commands(&run.words);
        let fails = |probe: &&&Probe| commands.iter().any(|command| fails(probe, command));
        for probe in facts.iter().filter(fails) {
            let uid = user
                .uid()
                .map_or("a uid that the platform gives".into(), |uid| format!("uid {uid}"));
            let way_out = probe.unless.first().map(|argument| format!("; give it {argument}"));
            draft.note(format!(
                "container {} runs `{}` in its {} under {uid}, for which its image may have no name: {}{}",
                seat.name(),
                probe.command,
                run.keys.first().copied().unwrap_or_default(),
                probe.why,
                way_out.unwrap_or_default(),
            ));
        }
    }
}

/// Whether a command starts the program without an argument that helps. A short one may be written with its value in one
/// word.
fn fails(probe: &Probe, command: &[String]) -> bool {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let Some((program, arguments)) = started(&words).split_first() else {
        return false;
    };
    let helps = |word: &&str| probe.unless.iter().any(|argument| word.starts_with(argument.as_str()));
    base_name(program) == probe.command && !arguments.iter().any(helps)
}
