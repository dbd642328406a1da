//! Bytes as TCP brings them: cut anywhere, many at once, or nonsense.

use rand::{Rng as _, SeedableRng as _};

use super::{Bench, FIN, Frame, HEARTBEAT, PING, RawClient, TEXT, Upgrade, answers, init};

/// A fragmented message with a ping in it, a long one, and a ping.
fn conversation() -> Vec<u8> {
    let long = format!("{HEARTBEAT:300}");
    [
        Frame::new(TEXT, &HEARTBEAT[..3]).bytes(),
        Frame::new(FIN | PING, "in between").bytes(),
        Frame::new(FIN, &HEARTBEAT[3..]).bytes(),
        Frame::text(long).bytes(),
        Frame::new(FIN | PING, "last").bytes(),
    ]
    .concat()
}

async fn expect_answers(client: &mut RawClient, case: usize) {
    let ping = client.next().await.unwrap();
    assert_eq!(ping.payload, b"in between", "{case}");
    for _ in 0..2 {
        let message = client.next().await.unwrap().message();
        assert_eq!(message["t"], "HEARTBEAT_ACK", "{case}");
    }
    assert_eq!(client.next().await.unwrap().payload, b"last", "{case}");
}

#[tokio::test]
async fn frames_may_be_cut_at_any_byte() {
    let bench = Bench::start().await;
    let bytes = conversation();
    for cut in 1..bytes.len() {
        let mut client = bench.client().await;
        client.send(&bytes[..cut]).await;
        // Lets the server read the first part alone.
        tokio::task::yield_now().await;
        client.send(&bytes[cut..]).await;
        expect_answers(&mut client, cut).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn frames_may_come_byte_by_byte() {
    let bench = Bench::start().await;
    let mut client = bench.client().await;
    for byte in conversation() {
        client.send([byte]).await;
        tokio::task::yield_now().await;
    }
    expect_answers(&mut client, 0).await;
    bench.stop().await;
}

#[tokio::test]
async fn bytes_sent_with_the_request_are_not_lost() {
    let bench = Bench::start().await;
    let behind = [Frame::text(init(bench.user)).bytes(), conversation()].concat();
    for cut in [1, 2, 6, 7, behind.len() - 1, behind.len()] {
        let (with_the_request, later) = behind.split_at(cut);
        let upgrade = Upgrade::default();
        let mut client = RawClient::handshake(bench.addr(), &upgrade, with_the_request).await;
        client.expect("HELLO").await;
        client.send(later).await;
        client.expect("INIT_ACK").await;
        expect_answers(&mut client, cut).await;
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_client_that_breaks_off_within_a_frame_leaves_nothing_behind() {
    let bench = Bench::start().await;
    let bytes = [Frame::text(init(bench.user)).bytes(), conversation()].concat();
    for cut in (0..bytes.len()).step_by(7) {
        let mut client = bench.client().await;
        client.send(&bytes[..cut]).await;
        drop(client);
    }
    let shards = bench.hub.app().shards();
    crate::harness::eventually("only the bystander is left", async || {
        let open = *shards.stats().open.borrow();
        (open == 1 && shards.subscriptions() == 1).then_some(())
    })
    .await;
    bench.stop().await;
}

#[tokio::test]
async fn nonsense_never_stops_the_server() {
    let mut bench = Bench::start().await;
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(6_455);
    for round in 0..300 {
        let upgrade = match round % 3 {
            0 => Upgrade::default(),
            1 => Upgrade::default().deflate(),
            _ => Upgrade::default().query("?encoding=msgpack"),
        };
        let mut client = RawClient::open(bench.addr(), &upgrade).await;
        for _ in 0..random.random_range(1..20) {
            let mut payload = vec![0; random.random_range(0..200)];
            random.fill(&mut payload[..]);
            // Half of it nearly right, so that it comes further than the first header.
            let bytes = match random.random_bool(0.5) {
                true => Frame::new(random.random(), payload).bytes(),
                false => payload,
            };
            client.send(bytes).await;
        }
        drop(client);
        if round % 100 == 0 {
            bench.undisturbed().await;
        }
    }
    let mut client = bench.client().await;
    answers(&mut client, "after the nonsense").await;
    bench.stop().await;
}
