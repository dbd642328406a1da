//! Logins that are refused because the control API wants it.

use parking_lot::Mutex;

use super::Dismissal;

/// How the next IDENTIFYs and RESUMEs are answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// How they are closed.
    pub dismissal: Dismissal,
    /// How many of them are.
    pub times: u32,
}

/// What is left to refuse.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<Option<Refusal>>);

impl Refusals {
    /// Refuses from now on, instead of what was set before. Zero times refuses nothing.
    pub fn set(&self, refusal: Refusal) {
        *self.0.lock() = Some(refusal).filter(|refusal| refusal.times > 0);
    }

    /// Takes one time away, if there is one.
    pub fn take(&self) -> Option<Dismissal> {
        let mut pending = self.0.lock();
        let refusal = pending.as_mut()?;
        refusal.times -= 1;
        let dismissal = refusal.dismissal.clone();
        if refusal.times == 0 {
            *pending = None;
        }
        Some(dismissal)
    }

    /// What is left.
    pub fn pending(&self) -> Option<Refusal> {
        self.0.lock().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fate;
    use super::super::close::Frame;
    use super::*;

    fn refusal(code: u16, times: u32) -> Refusal {
        let dismissal = Dismissal {
            frame: Frame::new(code, None).unwrap(),
            session: Fate::Forgotten,
        };
        Refusal { dismissal, times }
    }

    #[test]
    fn so_many_logins_are_refused_and_no_more() {
        let refusals = Refusals::default();
        assert_eq!(refusals.take(), None);
        refusals.set(refusal(4004, 2));
        assert!(refusals.take().is_some());
        assert_eq!(refusals.pending(), Some(refusal(4004, 1)));
        assert!(refusals.take().is_some());
        assert_eq!((refusals.take(), refusals.pending()), (None, None));
    }

    #[test]
    fn the_last_wish_counts() {
        let refusals = Refusals::default();
        refusals.set(refusal(4004, 9));
        refusals.set(refusal(4014, 1));
        assert_eq!(refusals.take().map(|it| it.frame.code()), Some(4014));
        refusals.set(refusal(4014, 5));
        refusals.set(refusal(4014, 0));
        assert_eq!(refusals.take(), None);
    }
}
