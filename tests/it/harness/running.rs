//! The server on a runtime of its own, so that dropping it can stop it and look for what is left.

use lantern::{app::App, config::Config};
use lantern_simulator::SimulatorConfig;
use ractor::ActorCell;
use tokio::runtime::{Builder, Runtime};

use super::within;

pub struct Running {
    parts: Option<(App, Runtime)>,
}

impl Running {
    pub async fn start(config: Config, simulator: Option<SimulatorConfig>) -> Self {
        let mut threads = Builder::new_multi_thread();
        let threads = threads.worker_threads(2).thread_name("server");
        let runtime = threads.enable_all().build().unwrap();
        let starting = runtime.spawn(async move { App::start(&config, simulator).await });
        let app = within("the server starts", starting).await.unwrap();
        Self {
            parts: Some((app.unwrap(), runtime)),
        }
    }

    pub fn app(&self) -> &App {
        let (app, _) = self.parts.as_ref().unwrap();
        app
    }

    /// Stops as at SIGTERM, and sees that no actor is left.
    pub async fn stop(mut self) {
        let (app, runtime) = self.parts.take().unwrap();
        let stopping = runtime.spawn(stop(app));
        within("the server stops", stopping).await.unwrap();
        runtime.shutdown_background();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some((app, runtime)) = self.parts.take() else {
            return;
        };
        if std::thread::panicking() {
            // The test has failed already; what it left says nothing.
            return runtime.shutdown_background();
        }
        // The test's own runtime must not be blocked on from within.
        let stopping = std::thread::spawn(move || {
            runtime.block_on(within("the server stops", stop(app)));
            runtime.shutdown_background();
        });
        stopping
            .join()
            .expect("the server stops and leaves nothing");
    }
}

async fn stop(app: App) {
    let hub = app.hub().clone();
    let (users, sessions) = hub.supervisors();
    let supervisors: Vec<ActorCell> = [users, sessions].into_iter().flatten().collect();
    let children = supervisors.iter().flat_map(ActorCell::get_children);
    let actors: Vec<ActorCell> = children.chain(supervisors.iter().cloned()).collect();
    app.stop().await;
    for actor in actors {
        let gone = actor.wait(None);
        within("an actor that was there before the stop is gone", gone)
            .await
            .unwrap();
    }
    let (users, sessions) = hub.supervisors();
    assert!(users.is_none() && sessions.is_none());
}
