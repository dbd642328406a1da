//! Lists in a query, as the libraries of clients write them.

use crate::rest_harness::Rest;

#[tokio::test]
async fn several_users_are_asked_for_in_any_spelling() {
    let rest = Rest::with_users([11, 22, 33]).await;
    let documented = rest
        .get("/api/v1/users?user_ids=33&user_ids=11&user_ids=22")
        .await;
    assert_eq!(documented.status, 200);
    for query in [
        "user_ids[]=33&user_ids[]=11&user_ids[]=22",
        "user_ids%5B%5D=33&user_ids%5B%5D=11&user_ids%5B%5D=22",
        "user_ids[0]=33&user_ids[1]=11&user_ids[2]=22",
        "user_ids%5B0%5D=33&user_ids%5B1%5D=11&user_ids%5B2%5D=22",
        "user_ids=33,11,22",
        "user_ids=33%2C11%2C22",
        "user_ids[]=33,11&user_ids=22",
    ] {
        let answer = rest.get(&format!("/api/v1/users?{query}")).await;
        assert_eq!(answer.body, documented.body, "{query}");
        assert_eq!(answer.header("etag"), documented.header("etag"));
    }
}

#[tokio::test]
async fn the_rules_of_a_list_are_the_same_in_any_spelling() {
    let rest = Rest::with_users([11]).await;
    let many: Vec<String> = (1..=51).map(|id| id.to_string()).collect();
    for (query, code) in [
        ("user_ids[]=11&user_ids=11".to_owned(), "duplicate_user_ids"),
        ("user_ids=11,11".to_owned(), "duplicate_user_ids"),
        (format!("user_ids={}", many.join(",")), "too_many_user_ids"),
        ("user_ids[]=x".to_owned(), "invalid_user_id"),
        ("user_ids[]=".to_owned(), "invalid_user_id"),
        ("user_id[]=11".to_owned(), "no_user_ids"),
    ] {
        let answer = rest.get(&format!("/api/v1/users?{query}")).await;
        assert_eq!(answer.json()["code"], code, "{query}: {}", answer.body);
    }
    let nobody = rest.get("/api/v1/users").await;
    let detail = nobody.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("?user_ids=123456789012345678&user_ids="));
}
