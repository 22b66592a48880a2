//! A GSSAPI context on its way: by cross-krb5, or by libgssapi where the credential is to be delegated, which cross-krb5
//! cannot ask for.

use cross_krb5::{ClientCtx, InitiateFlags, PendingClientCtx, Step};
use libgssapi::context::{ClientCtx as GssContext, CtxFlags, SecurityContext as _};
use libgssapi::credential::Cred;
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_NT_KRB5_PRINCIPAL};

use super::failure::GssFailure;
use crate::secret::Secret;

/// A context that is not established yet. All calls block, also on the network.
pub(super) enum Context {
    Plain(PendingClientCtx),
    Delegating(GssContext),
}

/// What a step has led to.
pub(super) enum Stepped {
    /// The server has proven who it is. The token, if any, is still to be sent.
    Established(Option<Secret>),
    /// The token is to be sent, and the server's answer given to the next step.
    Pending(Context, Secret),
}

impl Context {
    /// The context for this service and its first token. Mutual authentication is asked for; wrapping, which would need
    /// confidentiality, is not: TLS protects what follows.
    pub(super) fn start(
        credential: Cred,
        service: &str,
        delegate: bool,
    ) -> Result<(Self, Secret), GssFailure> {
        if !delegate {
            let flags = InitiateFlags::DISABLE_CONFIDENTIALITY;
            let (pending, token) =
                ClientCtx::new_with_cred(flags, credential.into(), service, None)
                    .map_err(GssFailure::from_any)?;
            return Ok((Self::Plain(pending), Secret::new(token.to_vec())));
        }
        let start = || {
            let target = Name::new(service.as_bytes(), Some(GSS_NT_KRB5_PRINCIPAL))?
                .canonicalize(Some(GSS_MECH_KRB5))?;
            let flags = CtxFlags::GSS_C_INTEG_FLAG
                | CtxFlags::GSS_C_MUTUAL_FLAG
                | CtxFlags::GSS_C_DELEG_FLAG;
            let mut context = GssContext::new(Some(credential), target, flags, Some(GSS_MECH_KRB5));
            let token = context.step(None, None)?;
            Ok((context, token))
        };
        let (context, token) = start().map_err(|error| GssFailure::new(&error))?;
        let token = token.ok_or_else(|| GssFailure::of_text("the library gave no token"))?;
        Ok((Self::Delegating(context), Secret::new(token.to_vec())))
    }

    /// Goes on with what the server has sent.
    pub(super) fn step(self, token: &[u8]) -> Result<Stepped, GssFailure> {
        match self {
            Self::Plain(pending) => {
                let step = pending.step(token).map_err(GssFailure::from_any)?;
                Ok(match step {
                    Step::Finished((_, token)) => {
                        Stepped::Established(token.map(|token| Secret::new(token.to_vec())))
                    }
                    Step::Continue((pending, token)) => {
                        let token = Secret::new(token.to_vec());
                        Stepped::Pending(Self::Plain(pending), token)
                    }
                })
            }
            Self::Delegating(mut context) => {
                let answer = context
                    .step(Some(token), None)
                    .map_err(|error| GssFailure::new(&error))?;
                let answer = answer.map(|token| Secret::new(token.to_vec()));
                if context.is_complete() {
                    check_granted(&mut context)?;
                    return Ok(Stepped::Established(answer));
                }
                let answer =
                    answer.ok_or_else(|| GssFailure::of_text("the library gave no token"))?;
                Ok(Stepped::Pending(Self::Delegating(context), answer))
            }
        }
    }
}

/// What was asked for is only a wish (RFC 2743, 1.2.1.2).
fn check_granted(context: &mut GssContext) -> Result<(), GssFailure> {
    let granted = context.flags().map_err(|error| GssFailure::new(&error))?;
    if !granted.contains(CtxFlags::GSS_C_MUTUAL_FLAG) {
        return Err(GssFailure::of_text(
            "mutual authentication was required but not established",
        ));
    }
    if !granted.contains(CtxFlags::GSS_C_DELEG_FLAG) {
        return Err(GssFailure::of_text(
            "the credential could not be delegated: its ticket is not forwardable; get one with kinit -f, or set \
             forwardable = true in krb5.conf",
        ));
    }
    Ok(())
}
