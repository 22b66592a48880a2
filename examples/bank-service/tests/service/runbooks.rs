//! The runbooks of tasks and of the service's own alerts: their commands run against the service and its database.

mod bed;
mod credentials;
mod load;
mod nodes;
mod page;
mod schema;

use crate::api::no_tables;
use crate::replica::{Replica, request};
use bed::until;
use page::{Page, Places, values};

/// The URL with one more node, on which nothing listens.
fn with_a_lost_node(url: &str) -> String {
    let lost = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let lost = lost.local_addr().unwrap();
    let (scheme, rest) = url.split_once("://").unwrap();
    let path = rest.find('/').unwrap();
    format!("{scheme}://{},{lost}{}", &rest[..path], &rest[path..])
}

/// All pages, as a region's loss leaves the service: it has lost one of its nodes.
#[crdb_testkit::test(migrate = no_tables, imitate = "v25.2")]
async fn the_commands_of_the_runbooks_run(url: String) {
    let directory = tempfile::tempdir().unwrap();
    let settings = format!(
        "listen: 127.0.0.1:1\ndatabase:\n  auth: {{ url: '{}' }}\n  observe: {{ endpoint: {{ listen: '127.0.0.1:0' }} }}\n",
        with_a_lost_node(&url)
    );
    let replica = Replica::start(directory.path(), &settings, &[]).await;
    replica.until_ready(204).await;
    // So that there is something to look at.
    request(replica.address, "GET", "/accounts", None, "")
        .await
        .unwrap();
    let lost = |metrics: &str| values(metrics, "crdb_pool_node_in_rotation", "").contains(&0.0);
    until(&replica, "the node is lost", lost).await;

    let places = Places::of(&replica, directory.path(), &url);
    let mut run = 0;
    for page in Page::all() {
        run += page.run(&places).await;
    }
    assert!(run >= 20, "the runbooks have {run} commands");

    let page = Page::named("lost-region");
    let said = page.say("Look", "in_rotation", &places).await;
    let mut rotation = values(&said, "crdb_pool_node_in_rotation", "");
    rotation.sort_by(f64::total_cmp);
    assert_eq!(rotation, [0.0, 1.0], "{said}");
    // The survivors go on.
    assert!(said.ends_with("204\n"), "{said}");
    let page = Page::named("rolling-upgrade");
    let said = page.say("Look", "bank-service status", &places).await;
    assert_eq!(said.lines().last(), Some("runner: none"));
}
