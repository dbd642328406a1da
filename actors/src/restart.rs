//! Restart budgets: how often a supervisor mends something before it gives up.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// At most so many restarts within a sliding window.
#[derive(Debug, Clone)]
pub struct RestartBudget {
    most: usize,
    window: Duration,
    /// When the restarts within the window happened, oldest first.
    spent: VecDeque<Instant>,
}

impl RestartBudget {
    /// A budget of `most` restarts in any `window`.
    pub fn new(most: usize, window: Duration) -> Self {
        Self {
            most,
            window,
            spent: VecDeque::new(),
        }
    }

    /// Spends one restart; false when the budget is used up.
    pub fn spend(&mut self, now: Instant) -> bool {
        while self
            .spent
            .front()
            .is_some_and(|at| now.duration_since(*at) >= self.window)
        {
            self.spent.pop_front();
        }
        if self.spent.len() >= self.most {
            return false;
        }
        self.spent.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_refills_as_the_window_slides() {
        let start = Instant::now();
        let mut budget = RestartBudget::new(2, Duration::from_secs(10));
        assert!(budget.spend(start));
        assert!(budget.spend(start + Duration::from_secs(5)));
        assert!(!budget.spend(start + Duration::from_secs(9)));
        assert!(budget.spend(start + Duration::from_secs(10)));
        assert!(!budget.spend(start + Duration::from_secs(14)));
        assert!(budget.spend(start + Duration::from_secs(15)));
    }
}
