//! How long something takes, in words.

/// `1:02`, or `1:02:03` from an hour on.
pub fn clock(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// `less than a minute`, `12 min`, `1 h 3 min`, `2 days`.
pub fn duration(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (days, hours) = (minutes / 1_440, minutes / 60);
    match (days, hours, minutes % 60) {
        (0, 0, 0) => "less than a minute".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (1, ..) => "a day".to_owned(),
        (days, ..) => format!("{days} days"),
    }
}

/// `just now`, `5 minutes ago`, `2 days ago`.
pub fn ago(ms: i64) -> String {
    let minutes = ms.max(0) / 60_000;
    let (hours, days) = (minutes / 60, minutes / 1_440);
    let (count, unit) = match (days, hours, minutes) {
        (0, 0, 0) => return "just now".to_owned(),
        (0, 0, minutes) => (minutes, "minute"),
        (0, hours, _) => (hours, "hour"),
        (days @ 1..=29, ..) => (days, "day"),
        (days @ 30..=364, ..) => (days / 30, "month"),
        (days, ..) => (days / 365, "year"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural} ago")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000;
    const HOUR: i64 = 60 * MINUTE;

    #[test]
    fn durations_are_told_as_people_tell_them() {
        let told = [
            -5,
            59_999,
            MINUTE,
            HOUR,
            HOUR + 3 * MINUTE,
            24 * HOUR,
            50 * HOUR,
        ]
        .map(duration);
        let wanted = [
            "less than a minute",
            "less than a minute",
            "1 min",
            "1 h",
            "1 h 3 min",
            "a day",
            "2 days",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn moments_are_told_as_people_tell_them() {
        let told = [
            0,
            MINUTE,
            5 * MINUTE,
            HOUR,
            47 * HOUR,
            60 * 24 * HOUR,
            800 * 24 * HOUR,
        ]
        .map(ago);
        let wanted = [
            "just now",
            "1 minute ago",
            "5 minutes ago",
            "1 hour ago",
            "1 day ago",
            "2 months ago",
            "2 years ago",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn clocks_have_hours_only_when_needed() {
        assert_eq!(
            [-1, 62_000, HOUR + 61_000].map(clock),
            ["0:00", "1:02", "1:01:01"]
        );
    }
}
