//! What is logged again and again: a few times, then counted.
//!
//! A store that is away, or a client that means harm, makes the same place in the code log many
//! times a second. Each place may log ten lines in ten seconds; how many more there were is said
//! when they are over. Details (`debug`, `trace`) are not limited: who turns them on wants all.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use tracing::{
    Event, Level, Metadata, Subscriber,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// How many lines a place may log in a while.
const MOST_LINES: u64 = 10;

/// The while.
const WHILE: Duration = Duration::from_secs(10);

/// How much of a line stands for those like it, in bytes.
const MOST_TEXT: usize = 200;

/// Where lines of this module come from. They are not limited.
const OWN: &str = module_path!();

/// The places that logged, which are no more than the code has.
#[derive(Default)]
pub struct Repeats {
    places: Mutex<Places>,
    left_out: AtomicU64,
}

impl Repeats {
    /// What asks, for each line, whether it is written.
    pub fn layer(self: Arc<Self>) -> Limit {
        Limit(self)
    }

    /// How many lines were left out.
    pub fn left_out(&self) -> u64 {
        self.left_out.load(Relaxed)
    }

    /// Says what was left out in the times that are over.
    pub fn tell(&self) {
        self.tell_at(Instant::now());
    }

    /// Says what was left out until now.
    pub fn tell_all(&self) {
        self.tell_at(Instant::now() + WHILE);
    }

    fn tell_at(&self, now: Instant) {
        // Not under the lock: what is said comes through it.
        let over = self.places.lock().over(now);
        for Place {
            metadata,
            text,
            lines,
            ..
        } in over
        {
            let (more, from) = (lines - MOST_LINES, metadata.target());
            match *metadata.level() {
                Level::ERROR => tracing::error!(from, "{more} more lines like this: {text}"),
                Level::WARN => tracing::warn!(from, "{more} more lines like this: {text}"),
                _ => tracing::info!(from, "{more} more lines like this: {text}"),
            }
        }
    }

    fn takes(&self, event: &Event<'_>) -> bool {
        let metadata = event.metadata();
        if *metadata.level() > Level::INFO || metadata.target() == OWN {
            return true;
        }
        let lines = self.places.lock().count(metadata, Instant::now());
        if lines == 1 {
            // Not under the lock: a value that is written may log.
            let mut text = Text::default();
            event.record(&mut text);
            self.places.lock().like(metadata, text.0);
        }
        if lines > MOST_LINES {
            self.left_out.fetch_add(1, Relaxed);
        }
        lines <= MOST_LINES
    }
}

#[derive(Default)]
struct Places {
    /// In their while.
    busy: HashMap<Identifier, Place>,
    /// Their while is over, and what was left out is not said.
    over: Vec<Place>,
}

/// A place in the code, from its first line in a while on.
struct Place {
    metadata: &'static Metadata<'static>,
    since: Instant,
    lines: u64,
    /// The first line.
    text: String,
}

impl Place {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= WHILE
    }
}

impl Places {
    /// Counts a line; the how many-th in its while it is.
    fn count(&mut self, metadata: &'static Metadata<'static>, now: Instant) -> u64 {
        let begin = || Place {
            metadata,
            since: now,
            lines: 0,
            text: String::new(),
        };
        let place = self.busy.entry(metadata.callsite()).or_insert_with(begin);
        if place.is_over(now) {
            let before = std::mem::replace(place, begin());
            self.over
                .extend((before.lines > MOST_LINES).then_some(before));
        }
        place.lines += 1;
        place.lines
    }

    /// What the lines of this place are like.
    fn like(&mut self, metadata: &'static Metadata<'static>, text: String) {
        if let Some(place) = self.busy.get_mut(&metadata.callsite()) {
            place.text = text;
        }
    }

    /// The places whose while is over and that left lines out.
    fn over(&mut self, now: Instant) -> Vec<Place> {
        let ended = self.busy.extract_if(|_, place| place.is_over(now));
        let mut over = std::mem::take(&mut self.over);
        over.extend(
            ended
                .map(|(_, place)| place)
                .filter(|place| place.lines > MOST_LINES),
        );
        over
    }
}

/// The layer that leaves lines out.
pub struct Limit(Arc<Repeats>);

impl<S: Subscriber> Layer<S> for Limit {
    fn event_enabled(&self, event: &Event<'_>, _context: Context<'_, S>) -> bool {
        self.0.takes(event)
    }
}

/// The beginning of a line: its message.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // It stops where there is no more room.
            let _ = write!(Short(&mut self.0), "{value:?}");
        }
    }
}

/// A text that takes no more than is wanted of it.
struct Short<'a>(&'a mut String);

impl fmt::Write for Short<'_> {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        for letter in more.chars() {
            if self.0.len() + letter.len_utf8() > MOST_TEXT {
                return Err(fmt::Error);
            }
            self.0.push(letter);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tracing::callsite::Callsite as _;
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// Lines that got through.
    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<String>>>);

    impl<S: Subscriber> Layer<S> for Seen {
        fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
            let mut text = Text::default();
            event.record(&mut text);
            self.0.lock().push(text.0);
        }
    }

    fn watched(work: impl FnOnce(&Repeats)) -> Vec<String> {
        let (repeats, seen) = (Arc::<Repeats>::default(), Seen::default());
        let subscriber = tracing_subscriber::registry()
            .with(seen.clone())
            .with(Arc::clone(&repeats).layer());
        tracing::subscriber::with_default(subscriber, || work(&repeats));
        let seen = seen.0.lock();
        seen.clone()
    }

    #[test]
    fn a_place_logs_ten_lines_and_then_how_many_more_there_were() {
        let seen = watched(|repeats| {
            for number in 0..47 {
                tracing::warn!(number, "it is away");
            }
            tracing::warn!("something else");
            assert_eq!(repeats.left_out(), 37);
            // The while is not over.
            repeats.tell();
            repeats.tell_all();
            repeats.tell_all();
        });
        let (lines, rest) = seen.split_at(10);
        assert!(lines.iter().all(|line| line == "it is away"));
        assert_eq!(
            rest,
            ["something else", "37 more lines like this: it is away"]
        );
    }

    #[test]
    fn after_a_while_a_place_may_log_again() {
        let metadata =
            tracing::callsite! { name: "x", kind: tracing::metadata::Kind::EVENT, fields: }
                .metadata();
        let (mut places, now) = (Places::default(), Instant::now());
        for wanted in 1..=12 {
            assert_eq!(places.count(metadata, now), wanted);
        }
        assert!(places.over(now).is_empty());
        let later = now + WHILE;
        assert_eq!(places.count(metadata, later), 1);
        let over = places.over(later);
        assert_eq!(over.len(), 1);
        assert_eq!(over[0].lines, 12);
        // What left nothing out is forgotten without a word.
        assert!(places.over(later + WHILE).is_empty());
        assert!(places.busy.is_empty());
    }

    #[test]
    fn details_are_not_limited() {
        let seen = watched(|_| {
            for _ in 0..20 {
                tracing::debug!("a detail");
            }
        });
        assert_eq!(seen.len(), 20);
    }

    #[test]
    fn what_stands_for_a_line_is_short() {
        let mut text = String::new();
        let long = "\u{e9}".repeat(MOST_TEXT);
        assert!(write!(Short(&mut text), "x{long}").is_err());
        assert_eq!(text.len(), MOST_TEXT - 1);
    }
}
