//! What the doctor found.

use std::fmt;
use std::time::Duration;

use super::next_step::next_step;
use crate::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};

/// A step of the examination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DoctorStep {
    /// Resolving the name.
    Resolve,
    /// Connecting to each of the addresses.
    Tcp,
    /// The TLS handshake.
    Tls,
    /// The name of the Kerberos service.
    ServiceName,
    /// The Kerberos ticket.
    Ticket,
    /// The login.
    Login,
    /// A statement on the session.
    Session,
}

impl fmt::Display for DoctorStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Resolve => "resolve",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::ServiceName => "service",
            Self::Ticket => "ticket",
            Self::Login => "login",
            Self::Session => "session",
        })
    }
}

/// How a step went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// As it should.
    Ok,
    /// It works, and should be changed nevertheless.
    Warning,
    /// It does not work.
    Failed(ErrorKind),
    /// It could not be tried.
    Skipped,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed(_) => "FAILED",
            Self::Skipped => "skipped",
        })
    }
}

/// One step, how it went, and how long it took.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Finding {
    /// Which step.
    pub step: DoctorStep,
    /// How it went.
    pub outcome: Outcome,
    /// What was found, and what to do about it.
    pub text: String,
    /// How long it took.
    pub took: Duration,
}

/// All findings, in the order of the steps. Displays as a table.
#[derive(Debug, Clone)]
pub struct Diagnosis {
    endpoint: Endpoint,
    findings: Vec<Finding>,
    advice: Option<&'static str>,
}

impl Diagnosis {
    pub(super) fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            findings: Vec::new(),
            advice: None,
        }
    }

    /// The version of this crate.
    pub const VERSION: &'static str = env!("CARGO_PKG_VERSION");

    /// The server that was examined.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The findings.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The login succeeded. An address that does not answer does not change that.
    #[must_use]
    pub fn is_healthy(&self) -> bool {
        self.findings
            .iter()
            .any(|finding| finding.step == DoctorStep::Session)
            && self.findings.iter().all(|finding| {
                finding.step == DoctorStep::Tcp || !matches!(finding.outcome, Outcome::Failed(_))
            })
    }

    /// What to do about the failure that stood in the way; `None` when the login succeeded.
    #[must_use]
    pub fn next_step(&self) -> Option<&'static str> {
        if self.is_healthy() {
            return None;
        }
        if self.advice.is_some() {
            return self.advice;
        }
        let failed = |wanted: fn(DoctorStep) -> bool| {
            self.findings
                .iter()
                .find_map(|finding| match finding.outcome {
                    Outcome::Failed(kind) if wanted(finding.step) => Some(kind),
                    _ => None,
                })
        };
        // A login that was tried knows best what it lacked: not every ticket that is missing is needed.
        failed(|step| matches!(step, DoctorStep::Login | DoctorStep::Session))
            .or_else(|| failed(|_| true))
            .map(next_step)
    }

    /// The next step, where the kind of the failure tells too little.
    pub(super) fn advise(&mut self, advice: &'static str) {
        self.advice = Some(advice);
    }

    /// The login succeeded: what failed of the ticket was not needed for it.
    pub(super) fn excuse(&mut self) {
        for finding in &mut self.findings {
            let is_optional = finding.step == DoctorStep::Ticket;
            if is_optional && matches!(finding.outcome, Outcome::Failed(_)) {
                finding.outcome = Outcome::Warning;
                finding.text.push_str("; this login did not need it");
            }
        }
    }

    fn add(&mut self, step: DoctorStep, outcome: Outcome, text: String, took: Duration) {
        self.findings.push(Finding {
            step,
            outcome,
            text,
            took,
        });
    }

    pub(super) fn ok(&mut self, step: DoctorStep, text: String, took: Duration) {
        self.add(step, Outcome::Ok, text, took);
    }

    pub(super) fn warn(&mut self, step: DoctorStep, text: &str, took: Duration) {
        self.add(step, Outcome::Warning, text.to_owned(), took);
    }

    pub(super) fn failed(&mut self, step: DoctorStep, error: &Error, took: Duration) {
        self.add(step, Outcome::Failed(error.kind()), error.to_string(), took);
    }

    pub(super) fn skip(&mut self, step: DoctorStep, why: &str) {
        self.add(step, Outcome::Skipped, why.to_owned(), Duration::ZERO);
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} (crdb-auth {})", self.endpoint, Self::VERSION)?;
        for finding in &self.findings {
            let took = finding.took.as_secs_f64() * 1000.0;
            writeln!(
                f,
                "  {:<8} {:<8} {took:>8.1} ms  {}",
                finding.step, finding.outcome, finding.text
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dead_address_of_two_is_no_illness() {
        let mut diagnosis = Diagnosis::new(Endpoint::new("db", 1));
        let error = Error::new(ErrorKind::Refused, "no");
        diagnosis.failed(DoctorStep::Tcp, &error, Duration::ZERO);
        assert!(!diagnosis.is_healthy(), "no session yet");
        diagnosis.ok(
            DoctorStep::Session,
            "yes".to_owned(),
            Duration::from_micros(1500),
        );
        assert!(diagnosis.is_healthy());
        let text = diagnosis.to_string();
        assert!(
            text.contains("tcp      FAILED") && text.contains("1.5 ms"),
            "{text}"
        );
        assert_eq!(diagnosis.next_step(), None);
        diagnosis.failed(DoctorStep::Login, &error, Duration::ZERO);
        assert!(!diagnosis.is_healthy());
    }

    #[test]
    fn the_next_step_is_about_the_step_that_stood_in_the_way() {
        let failed = |diagnosis: &mut Diagnosis, step, kind| {
            diagnosis.failed(step, &Error::new(kind, "no"), Duration::ZERO);
        };
        let mut one_address_of_two = Diagnosis::new(Endpoint::new("db", 1));
        failed(&mut one_address_of_two, DoctorStep::Tcp, ErrorKind::Refused);
        failed(
            &mut one_address_of_two,
            DoctorStep::Login,
            ErrorKind::Authentication,
        );
        let advice = one_address_of_two.next_step().unwrap();
        assert!(advice.contains("password"), "{advice}");

        let mut unreached = Diagnosis::new(Endpoint::new("db", 1));
        failed(&mut unreached, DoctorStep::Tcp, ErrorKind::Refused);
        failed(
            &mut unreached,
            DoctorStep::Ticket,
            ErrorKind::KerberosNoTicket,
        );
        unreached.skip(DoctorStep::Login, "the server was not reached");
        let advice = unreached.next_step().unwrap();
        assert!(advice.contains("SQL port"), "{advice}");
    }

    #[test]
    fn a_ticket_that_was_not_needed_is_no_illness() {
        let mut diagnosis = Diagnosis::new(Endpoint::new("db", 1));
        let error = Error::new(ErrorKind::KerberosNoTicket, "no ticket");
        diagnosis.failed(DoctorStep::Ticket, &error, Duration::ZERO);
        diagnosis.ok(DoctorStep::Login, "by SCRAM".to_owned(), Duration::ZERO);
        diagnosis.excuse();
        diagnosis.ok(DoctorStep::Session, "yes".to_owned(), Duration::ZERO);
        assert!(diagnosis.is_healthy());
        assert!(diagnosis.to_string().contains("warning"), "{diagnosis}");
    }
}
