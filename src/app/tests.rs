use super::*;

/// A demo that nothing happens in, with its store in this folder.
async fn demo(folder: &tempfile::TempDir) -> App {
    let mut config = Config::load(None, []).unwrap();
    config.server.listen = "127.0.0.1:0".parse().unwrap();
    config.server.shutdown_timeout_ms = 1_000;
    config.store.path = folder.path().join("store");
    let simulator = SimulatorConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        members: 1,
        rate: 0.0,
        ..SimulatorConfig::default()
    };
    App::start(&config, Some(simulator)).await.unwrap()
}

/// Why a demo ended, one of whose parts is ended by this.
async fn without(end: impl AsyncFnOnce(&App)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let app = demo(&folder).await;
    end(&app).await;
    let failed = app.failed().await.to_string();
    app.stop().await;
    failed
}

/// `lantern serve` ends as soon as [`App::failed`] resolves, with this sentence.
#[tokio::test(flavor = "multi_thread")]
async fn serving_ends_when_a_part_ends() {
    let failed = without(async |app| app.server.abort()).await;
    assert!(failed.starts_with("the accept loop ended"), "{failed}");
    let failed = without(async |app| app.shards.stop()).await;
    assert!(failed.starts_with("a fan-out shard ended"), "{failed}");
    let failed = without(async |app| app.hub.store().close().await).await;
    assert!(
        failed.starts_with("the writer of the store ended"),
        "{failed}"
    );
}
