//! Credentials from a named cache or keytab: what cross-krb5, which knows the default cache only,
//! does not do.
//!
//! `gss_acquire_cred_from` (MIT krb5 1.11, Heimdal 7) takes the places as pairs of texts:
//! `ccache`, and `client_keytab`, the keytab to get an initial ticket from when the cache has none
//! that is fresh. The credential that comes back belongs to libgssapi's `Cred` from then on.

use std::ffi::CString;
use std::path::Path;
use std::ptr;

use libgssapi::credential::{Cred, CredUsage};
use libgssapi::error::{Error as GssError, MajorFlags};
use libgssapi::name::Name;
use libgssapi::oid::{GSS_MECH_KRB5, GSS_NT_KRB5_PRINCIPAL, OidSet};
use libgssapi_sys::{
    GSS_C_INITIATE, GSS_S_COMPLETE, OM_uint32, gss_OID_desc, gss_OID_set_desc,
    gss_acquire_cred_from, gss_buffer_desc, gss_cred_id_t, gss_cred_usage_t, gss_import_name,
    gss_key_value_element_desc, gss_key_value_set_desc, gss_name_t, gss_release_name,
};

use super::Credentials;
use super::failure::GssFailure;

/// GSS_C_INDEFINITE: as long as the KDC gives.
const AS_LONG_AS_POSSIBLE: OM_uint32 = OM_uint32::MAX;

/// Acquires a credential to initiate with. Blocking: reads files and may ask the KDC.
///
/// `memory` names the cache in memory that a keytab's ticket is kept in.
pub(super) fn acquire(
    credentials: &Credentials,
    principal: Option<&str>,
    memory: &str,
) -> Result<Cred, GssFailure> {
    match credentials {
        Credentials::DefaultCache => default_cache(principal),
        Credentials::Cache(name) => from_store(principal, &[(c"ccache", text(name)?)]),
        Credentials::Keytab(path) => from_store(
            principal,
            &[
                (c"client_keytab", keytab_name(path)?),
                (c"ccache", text(memory)?),
            ],
        ),
    }
}

fn default_cache(principal: Option<&str>) -> Result<Cred, GssFailure> {
    let acquire = || {
        let name = principal
            .map(|principal| Name::new(principal.as_bytes(), Some(GSS_NT_KRB5_PRINCIPAL)))
            .transpose()?;
        let mechanisms = OidSet::singleton(GSS_MECH_KRB5)?;
        Cred::acquire(name.as_ref(), None, CredUsage::Initiate, Some(&mechanisms))
    };
    acquire().map_err(|error| GssFailure::new(&error))
}

fn text(text: &str) -> Result<CString, GssFailure> {
    CString::new(text).map_err(|_| GssFailure::of_text("the name of the cache contains a NUL"))
}

#[cfg(unix)]
fn keytab_name(path: &Path) -> Result<CString, GssFailure> {
    use std::os::unix::ffi::OsStrExt;

    let name = [b"FILE:", path.as_os_str().as_bytes()].concat();
    CString::new(name).map_err(|_| GssFailure::of_text("the path of the keytab contains a NUL"))
}

fn failure(major: OM_uint32, minor: OM_uint32) -> GssFailure {
    GssFailure::new(&GssError {
        major: MajorFlags::from_bits_retain(major),
        minor,
    })
}

/// A name that is released when it is dropped.
struct ImportedName(gss_name_t);

impl ImportedName {
    #[allow(unsafe_code, reason = "gss_import_name; see the proof at the call")]
    fn new(principal: &str) -> Result<Self, GssFailure> {
        let mut minor = 0;
        let mut name: gss_name_t = ptr::null_mut();
        let mut buffer = gss_buffer_desc {
            length: principal.len(),
            value: principal.as_ptr().cast_mut().cast(),
        };
        // 1.2.840.113554.1.2.2.1, GSS_KRB5_NT_PRINCIPAL_NAME (RFC 1964, 2.1.1).
        let identifier: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02, 0x01];
        let mut kind = gss_OID_desc {
            length: identifier.len() as OM_uint32,
            elements: identifier.as_ptr().cast_mut().cast(),
        };
        // SAFETY: every pointer is to a live local. The library reads the buffer and the OID and
        // copies what it keeps (RFC 2744, 5.16); it writes `minor` and `name` only.
        let major = unsafe { gss_import_name(&mut minor, &mut buffer, &mut kind, &mut name) };
        if major == GSS_S_COMPLETE {
            Ok(Self(name))
        } else {
            Err(failure(major, minor))
        }
    }
}

impl Drop for ImportedName {
    #[allow(unsafe_code, reason = "gss_release_name; see the proof at the call")]
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the name was made by gss_import_name, is ours alone, and is released once.
        unsafe { gss_release_name(&mut minor, &mut self.0) };
    }
}

#[allow(
    unsafe_code,
    reason = "gss_acquire_cred_from; see the proofs at the calls"
)]
fn from_store(
    principal: Option<&str>,
    places: &[(&std::ffi::CStr, CString)],
) -> Result<Cred, GssFailure> {
    let name = principal.map(ImportedName::new).transpose()?;
    let mut elements: Vec<_> = places
        .iter()
        .map(|(key, value)| gss_key_value_element_desc {
            key: key.as_ptr(),
            value: value.as_ptr(),
        })
        .collect();
    let store = gss_key_value_set_desc {
        count: elements.len() as OM_uint32,
        elements: elements.as_mut_ptr(),
    };
    // 1.2.840.113554.1.2.2, the Kerberos mechanism (RFC 1964).
    let identifier: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 0x01, 0x02, 0x02];
    let mut mechanism = gss_OID_desc {
        length: identifier.len() as OM_uint32,
        elements: identifier.as_ptr().cast_mut().cast(),
    };
    let mut mechanisms = gss_OID_set_desc {
        count: 1,
        elements: &mut mechanism,
    };
    let mut minor = 0;
    let mut credential: gss_cred_id_t = ptr::null_mut();
    // SAFETY: the name is null or valid for the call; the OID set, the store, its elements and
    // their texts (NUL-terminated by CString) are live locals that the library only reads and does
    // not keep (it copies the places into the credential); it writes `minor` and `credential`.
    // The last two outputs may be null (RFC 2744, 5.2).
    let major = unsafe {
        gss_acquire_cred_from(
            &mut minor,
            name.as_ref().map_or(ptr::null_mut(), |name| name.0),
            AS_LONG_AS_POSSIBLE,
            &mut mechanisms,
            GSS_C_INITIATE as gss_cred_usage_t,
            &store,
            &mut credential,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    if major != GSS_S_COMPLETE {
        return Err(failure(major, minor));
    }
    // SAFETY: the credential was just made and has no other owner; `Cred` releases it once.
    Ok(unsafe { Cred::from_c(credential) })
}
