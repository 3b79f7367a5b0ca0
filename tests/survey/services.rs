use harden::survey::TargetPort;

use super::{SERVICE, shown, survey};

#[test]
fn service_ports_are_those_of_the_services_that_select_the_pod() {
    let survey = survey(&[("svc.yaml", SERVICE)]);
    let ports: Vec<_> = survey
        .service_ports("shop", &[("tier", "front"), ("app", "web")])
        .into_iter()
        .map(|p| {
            (
                p.target.clone(),
                p.protocol.as_str(),
                p.service.as_str(),
                shown(&p.place),
            )
        })
        .collect();
    assert_eq!(
        ports,
        [
            (
                TargetPort::Name("http".to_string()),
                "TCP",
                "web",
                "svc.yaml:8".to_string()
            ),
            (TargetPort::Number(443), "UDP", "web", "svc.yaml:9".to_string()),
        ]
    );
    assert!(survey.service_ports("shop", &[("app", "db")]).is_empty());
    assert!(survey.service_ports("shop", &[]).is_empty());
    assert!(survey.service_ports("", &[("app", "web")]).is_empty());
}

#[test]
fn a_service_selects_by_all_pairs_and_its_ports_default_as_in_the_api_server() {
    let pod = [("app", "web"), ("v", "1")];
    let table = [
        ("{app: web}", "[{port: 80}]", vec![80]),
        ("{v: 1, app: web}", "[{port: 80, targetPort: 8080}]", vec![8080]),
        ("{app: web, x: y}", "[{port: 80}]", vec![]),
        ("{}", "[{port: 80}]", vec![]),
        ("", "[{port: 80}]", vec![]),
        (
            "{app: web}",
            "[{port: 80, targetPort: 0}, {port: 81, targetPort: ''}]",
            vec![80, 81],
        ),
        ("{app: web}", "[{port: 80, targetPort: null}]", vec![80]),
        ("{app: web}", "[{targetPort: 99999}, {targetPort: -1}, {}, x]", vec![]),
        ("{app: web}\n  type: ExternalName", "[{port: 80}]", vec![]),
    ];
    for (selector, ports, wanted) in table {
        let text = format!("kind: Service\napiVersion: v1\nspec:\n  selector: {selector}\n  ports: {ports}\n");
        let survey = survey(&[("svc.yaml", &text)]);
        let found: Vec<_> = survey
            .service_ports("", &pod)
            .iter()
            .map(|p| p.target.clone())
            .collect();
        let wanted: Vec<_> = wanted.into_iter().map(TargetPort::Number).collect();
        assert_eq!(found, wanted, "{text}");
    }
}

#[test]
fn ports_of_several_services_come_in_the_order_of_path_and_line() {
    let second = SERVICE.replace("port: 80, targetPort: http", "port: 1");
    let survey = survey(&[("b.yaml", SERVICE), ("a.yaml", &format!("{second}---\n{second}"))]);
    let places: Vec<_> = survey
        .service_ports("shop", &[("app", "web")])
        .iter()
        .map(|p| shown(&p.place))
        .collect();
    let wanted = ["a.yaml:8", "a.yaml:9", "a.yaml:19", "a.yaml:20", "b.yaml:8", "b.yaml:9"];
    assert_eq!(places, wanted);
}

#[test]
fn only_the_core_service_is_one() {
    let table = [
        ("v1", "serving.knative.dev/v1"),
        ("Service", "ServiceMonitor"),
        ("Service", "service"),
    ];
    for (from, to) in table {
        let survey = survey(&[("svc.yaml", &SERVICE.replacen(from, to, 1))]);
        assert!(survey.service_ports("shop", &[("app", "web")]).is_empty(), "{to}");
    }
}
