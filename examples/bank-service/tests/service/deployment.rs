//! What is under `deploy/`: that its files fit each other and the program, without a cluster or an engine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn yaml(path: &str) -> Value {
    let text =
        fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn names(values: &Value) -> BTreeSet<&str> {
    items(values).map(|value| text(&value["name"])).collect()
}

fn seconds(text: &str) -> u64 {
    humantime::parse_duration(text).unwrap().as_secs()
}

const POD_FILES: [&str; 2] = [
    "deploy/kubernetes/base/deployment.yaml",
    "deploy/kubernetes/base/migrate.yaml",
];

#[test]
fn every_configuration_that_is_shipped_is_read() {
    let mut read = 0;
    for path in [
        "examples/bank-service/bank.yaml",
        "deploy/compose/bank.yaml",
        "deploy/kubernetes/base/bank.yaml",
    ] {
        let settings = bank_service::Settings::load(&root().join(path));
        settings.unwrap_or_else(|error| panic!("{path}: {error}"));
        read += 1;
    }
    assert_eq!(read, 3);
    // The component for Kerberos differs in how it logs in, which only a program with that feature knows.
    let mut base = yaml("deploy/kubernetes/base/bank.yaml");
    let mut kerberos = yaml("deploy/kubernetes/components/kerberos/bank.yaml");
    for settings in [&mut base, &mut kerberos] {
        let auth = settings["database"]["auth"].as_object_mut().unwrap();
        auth.remove("kerberos");
        auth.insert("tls".to_owned(), Value::Null);
    }
    assert_eq!(base, kerberos);
}

#[test]
fn a_pod_outlasts_its_drain_and_a_probe_sees_it() {
    for (settings, given) in [
        (
            "deploy/kubernetes/base/bank.yaml",
            yaml(POD_FILES[0])["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
                .as_u64()
                .unwrap(),
        ),
        (
            "deploy/compose/bank.yaml",
            seconds(text(
                &yaml("deploy/compose/compose.yaml")["services"]["bank1"]["stop_grace_period"],
            )),
        ),
    ] {
        let drain = bank_service::Settings::load(&root().join(settings))
            .unwrap()
            .drain;
        assert!(
            drain.grace < Duration::from_secs(given),
            "{settings}: the grace period is cut off"
        );
        assert!(drain.unready < drain.grace, "{settings}");
    }
    let deployment = yaml(POD_FILES[0]);
    let probe = &deployment["spec"]["template"]["spec"]["containers"][0]["readinessProbe"];
    let seen =
        probe["periodSeconds"].as_u64().unwrap() * probe["failureThreshold"].as_u64().unwrap();
    let drain = bank_service::Settings::load(&root().join("deploy/kubernetes/base/bank.yaml"))
        .unwrap()
        .drain;
    assert!(
        Duration::from_secs(2 * seen) <= drain.unready,
        "requests come after the probe was asked last"
    );
}

#[test]
fn pods_are_confined() {
    for path in POD_FILES {
        let pod = &yaml(path)["spec"]["template"]["spec"];
        assert_eq!(pod["automountServiceAccountToken"], false, "{path}");
        assert_eq!(
            pod["enableServiceLinks"], false,
            "{path}: BANK_PORT would be read as a setting"
        );
        let security = &pod["securityContext"];
        assert_eq!(
            (&security["runAsNonRoot"], &security["runAsUser"]),
            (&true.into(), &65_532.into()),
            "{path}"
        );
        assert_eq!(
            security["seccompProfile"]["type"], "RuntimeDefault",
            "{path}"
        );
        for container in items(&pod["containers"]) {
            let security = &container["securityContext"];
            assert_eq!(security["readOnlyRootFilesystem"], true, "{path}");
            assert_eq!(security["allowPrivilegeEscalation"], false, "{path}");
            assert_eq!(security["capabilities"]["drop"][0], "ALL", "{path}");
            assert!(
                container["resources"]["limits"]["memory"].is_string(),
                "{path}"
            );
            assert!(
                container["resources"]["requests"]["cpu"].is_string(),
                "{path}"
            );
        }
    }
    let compose = yaml("deploy/compose/compose.yaml");
    for name in ["bank1", "bank2"] {
        let service = &compose["services"][name];
        assert_eq!(
            (&service["user"], &service["read_only"]),
            (&"65532:65532".into(), &true.into())
        );
        assert_eq!(service["cap_drop"][0], "ALL");
        assert_eq!(service["security_opt"][0], "no-new-privileges:true");
    }
}

#[test]
fn what_is_mounted_is_there_and_secrets_are_private() {
    for path in POD_FILES {
        let pod = &yaml(path)["spec"]["template"]["spec"];
        let volumes = names(&pod["volumes"]);
        for container in items(&pod["containers"]) {
            let mounts: BTreeSet<&str> = names(&container["volumeMounts"]);
            assert_eq!(mounts, volumes, "{path}");
            for mount in items(&container["volumeMounts"]) {
                assert_eq!(mount["readOnly"], true, "{path}");
                assert!(
                    mount["subPath"].is_null(),
                    "{path}: a subPath is never updated"
                );
            }
        }
        for secret in items(&pod["volumes"])
            .map(|volume| &volume["secret"])
            .filter(|secret| !secret.is_null())
        {
            assert_eq!(secret["defaultMode"], 0o440, "{path}");
        }
    }
    // The paths of the configuration lie below what is mounted.
    let settings = yaml("deploy/kubernetes/base/bank.yaml");
    let tls = &settings["database"]["auth"]["tls"];
    for file in [
        &tls["root_certificates"][0],
        &tls["client_certificate"],
        &tls["client_key"],
    ] {
        assert!(text(file).starts_with("/run/secrets/database/"));
    }

    let compose = yaml("deploy/compose/compose.yaml");
    let directory = root().join("deploy/compose");
    let declared: BTreeSet<&String> = compose["volumes"].as_object().unwrap().keys().collect();
    let mut files = 0;
    for (name, service) in compose["services"].as_object().unwrap() {
        for volume in items(&service["volumes"]).map(text) {
            let (source, _) = volume.split_once(':').unwrap();
            if source.starts_with('.') {
                assert!(
                    directory.join(source).exists(),
                    "{name}: {source} is not there"
                );
                files += 1;
            } else {
                assert!(
                    declared.contains(&source.to_owned()),
                    "{name}: no volume {source}"
                );
            }
        }
    }
    assert!(files > 8, "{files}");
}

#[test]
fn selectors_find_the_pods_and_ports_have_names() {
    let deployment = yaml(POD_FILES[0]);
    let pod = &deployment["spec"]["template"];
    let labels = &pod["metadata"]["labels"];
    let base = "deploy/kubernetes/base";
    let service = yaml(&format!("{base}/service.yaml"));
    let budget = yaml(&format!("{base}/disruption-budget.yaml"));
    assert_eq!(&deployment["spec"]["selector"]["matchLabels"], labels);
    assert_eq!(&service["spec"]["selector"], labels);
    assert_eq!(&budget["spec"]["selector"]["matchLabels"], labels);
    let mut spreads = 0;
    for spread in items(&pod["spec"]["topologySpreadConstraints"]) {
        assert_eq!(&spread["labelSelector"]["matchLabels"], labels);
        assert_eq!(
            spread["nodeTaintsPolicy"], "Honor",
            "a cordoned node counts as one without pods, and the pod that left it runs nowhere"
        );
        spreads += 1;
    }
    assert_eq!(spreads, 2);
    let ports = names(&pod["spec"]["containers"][0]["ports"]);
    let container = &pod["spec"]["containers"][0];
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert!(ports.contains(text(&asked["port"])), "{probe}");
        assert_eq!(text(&asked["path"]) == "/ready", probe == "readinessProbe");
    }
    assert!(ports.contains(text(&service["spec"]["ports"][0]["targetPort"])));

    let policy = yaml(&format!("{base}/network-policy.yaml"));
    let selected: BTreeSet<&str> =
        items(&policy["spec"]["podSelector"]["matchExpressions"][0]["values"])
            .map(text)
            .collect();
    for path in POD_FILES {
        let labels = &yaml(path)["spec"]["template"]["metadata"]["labels"];
        assert!(
            selected.contains(text(&labels["app.kubernetes.io/name"])),
            "{path}"
        );
    }
    let kustomization = yaml(&format!("{base}/kustomization.yaml"));
    let listed: BTreeSet<&str> = items(&kustomization["resources"]).map(text).collect();
    let there: BTreeSet<String> = fs::read_dir(root().join(base))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["kustomization.yaml", "bank.yaml"].contains(&name.as_str()))
        .collect();
    assert_eq!(listed, there.iter().map(String::as_str).collect());
}

/// Patches are merged by name: one that adds a list at a path would replace what another component has put there.
#[test]
fn components_can_be_combined() {
    let components = root().join("deploy/kubernetes/components");
    let mut patches = 0;
    for component in fs::read_dir(components).unwrap() {
        let path = component.unwrap().path();
        let file = path.join("kustomization.yaml");
        let component = yaml(file.to_str().unwrap());
        for patch in items(&component["patches"]) {
            let patch = path.join(text(&patch["path"]));
            let merged = yaml(patch.to_str().unwrap());
            patches += 1;
            // Rules of the network have no names.
            if !patch.ends_with("network-policy.yaml") {
                assert!(merged["kind"].is_string(), "{}", patch.display());
            }
        }
    }
    assert!(patches >= 5, "{patches}");
}

#[test]
fn compose_names_what_it_has() {
    let compose = yaml("deploy/compose/compose.yaml");
    let services = compose["services"].as_object().unwrap();
    let networks = compose["networks"].as_object().unwrap();
    for (name, service) in services {
        let before: Vec<&str> = match &service["depends_on"] {
            Value::Object(before) => before.keys().map(String::as_str).collect(),
            before => items(before).map(text).collect(),
        };
        for before in before {
            assert!(services.contains_key(before), "{name} depends on {before}");
        }
        for network in items(&service["networks"]).map(text) {
            assert!(
                networks.contains_key(network),
                "{name}: no network {network}"
            );
        }
        let image = text(&service["image"]).trim_end_matches('}');
        let tag = image.rsplit_once(':').map(|(_, tag)| tag);
        assert!(
            tag.is_some_and(|tag| tag != "latest" && tag.contains('.')),
            "{name}: {image}"
        );
    }
    // The program's metrics, and whom Prometheus asks for them.
    let prometheus = yaml("deploy/compose/prometheus/prometheus.yml");
    for target in items(&prometheus["scrape_configs"])
        .flat_map(|job| items(&job["static_configs"]))
        .flat_map(|targets| items(&targets["targets"]))
    {
        let host = text(target)
            .trim_start_matches("http://")
            .split(':')
            .next()
            .unwrap();
        assert!(services.contains_key(host), "{target}");
    }
    let version = format!("bank-service:{}", env!("CARGO_PKG_VERSION"));
    assert!(text(&compose["services"]["bank1"]["image"]).contains(&version));
    let base = yaml("deploy/kubernetes/base/kustomization.yaml");
    assert_eq!(base["images"][0]["newTag"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_alert_of_the_service_has_a_runbook() {
    let rules = yaml("deploy/compose/prometheus/bank.yml");
    let mut alerts = 0;
    for rule in items(&rules["groups"]).flat_map(|group| items(&group["rules"])) {
        let Some(alert) = rule["alert"].as_str() else {
            continue;
        };
        alerts += 1;
        let page = format!("{alert}.md");
        assert!(text(&rule["annotations"]["runbook_url"]).ends_with(&page));
        assert!(
            root().join("docs/runbooks").join(&page).is_file(),
            "{page} is not there"
        );
    }
    assert_eq!(alerts, 3);
}

#[test]
fn the_scripts_of_compose_are_shell() {
    let compose = root().join("deploy/compose");
    for script in ["certificates/make.sh", "database/prepare.sh"] {
        let checked = Command::new("sh")
            .arg("-n")
            .arg(compose.join(script))
            .status();
        assert!(checked.unwrap().success(), "{script}");
    }
}
