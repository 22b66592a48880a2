//! `crdb profile`, of an endpoint and of files.

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::top::endpoint;

/// A report of one statement, whose 95th percentile takes so many seconds.
pub(crate) fn report(p95: f64) -> Value {
    let times = json!({
        "total": 9.0, "waiting": 1.0, "retrying": 0.5, "working": 7.5, "p50": 0.01, "p95": p95, "p99": p95, "longest": p95,
    });
    let statement = json!({
        "name": "accounts.get", "fingerprint": "f1", "summary": "SELECT accounts", "calls": 100, "failed": 0, "unknown": 0,
        "dropped": 0, "rows": 100, "retries": 3, "collisions": 2, "times": times,
        "plans": [], "plan_changes": 0, "plan_failure": null,
    });
    json!({
        "version": 1, "from": 1.0, "to": 61.0, "statements": [statement], "transactions": [], "slow": [],
        "contention": [], "contention_failure": null,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_shown_kept_and_compared() {
    let bed = Bed::bare();
    let slower = report(0.5);
    let url = endpoint("/profile", vec![slower.to_string()]);
    let ran = bed.run(&["profile", &url]).await.ended(0);
    assert!(ran.out().contains("accounts.get"), "{}", ran.out());
    let ran = bed.run(&["profile", &url, "--json"]).await.ended(0);
    assert_eq!(ran.out().parse::<Value>().unwrap(), slower);

    // Without a service it is the one that this configuration is for.
    let address = url.strip_prefix("http://").unwrap();
    let set = format!("observe.endpoint.listen={address}");
    let ran = bed.run(&["profile", "--set", &set]).await.ended(0);
    assert!(ran.out().contains("accounts.get"), "{}", ran.out());

    bed.file("before.json", report(0.1).to_string());
    let ran = bed
        .run(&["profile", &url, "--since", "before.json"])
        .await
        .ended(0);
    let worse = "worse   accounts.get: p95 100.0 ms -> 500.0 ms";
    assert!(ran.out().starts_with(worse), "{}", ran.out());
    let ran = bed
        .run(&["profile", "before.json", "--since", "before.json", "--json"])
        .await
        .ended(0);
    let nothing = json!({"worse": [], "better": [], "new": [], "gone": [], "plans_changed": []});
    assert_eq!(ran.out().parse::<Value>().unwrap(), nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_report_is_named() {
    let bed = Bed::bare();
    bed.file("other.json", "{}");
    let ran = bed.run(&["profile", "other.json"]).await.ended(2);
    assert!(
        ran.err().contains("other.json holds no report"),
        "{}",
        ran.err()
    );
    let url = endpoint("/profile", vec!["not found".to_owned()]);
    let ran = bed.run(&["profile", &url]).await.ended(1);
    assert!(ran.err().contains("is no report"), "{}", ran.err());
}
