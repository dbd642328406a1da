//! How the store reaches its database.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::config::{Config, Secret};

/// How the store reaches its database.
#[derive(Debug, Clone)]
pub struct ScyllaSettings {
    /// Where to connect first, each as `host:port`.
    pub nodes: Vec<String>,
    /// The keyspace.
    pub keyspace: String,
    /// How a keyspace that is created replicates: a map as CQL writes it.
    pub replication: String,
    /// Whether a missing keyspace and tables are created on connecting.
    pub migrate_on_start: bool,
    /// User and password, if the database wants them.
    pub user: Option<(String, Secret)>,
    /// Encryption; without it there is none.
    pub tls: Option<Tls>,
    /// How long it may take to make a connection.
    pub connect_timeout: Duration,
    /// How long the database may take to answer a request.
    pub request_timeout: Duration,
    /// How long it is tried to find out what became of a commit whose answer was lost.
    pub resolve_timeout: Duration,
    /// How long it is remembered who left.
    pub keep_left: Duration,
}

/// How connections are encrypted.
#[derive(Debug, Clone)]
pub struct Tls(pub(super) Arc<ClientConfig>);

/// The settings cannot be used: one sentence for a person.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The certificate cannot be read.
    #[error("cannot read the certificate {}: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl Tls {
    /// Trusts the certificates in a PEM file, and no others.
    pub fn trusting(path: PathBuf) -> Result<Self, SettingsError> {
        let config = client_config(&path);
        config
            .map(|config| Self(Arc::new(config)))
            .map_err(|reason| SettingsError::Certificate { path, reason })
    }
}

fn client_config(path: &PathBuf) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("there is no certificate in it".to_owned());
    }
    // More than one provider is compiled in, so the process has no default one.
    let provider = Arc::new(ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

impl TryFrom<&Config> for ScyllaSettings {
    type Error = SettingsError;

    fn try_from(config: &Config) -> Result<Self, SettingsError> {
        let scylla = &config.scylla;
        let user =
            (!scylla.user.is_empty()).then(|| (scylla.user.clone(), scylla.password.clone()));
        Ok(Self {
            nodes: scylla.nodes.clone(),
            keyspace: scylla.keyspace.clone(),
            replication: scylla.replication.clone(),
            migrate_on_start: scylla.migrate_on_start,
            user,
            tls: scylla.tls_ca.clone().map(Tls::trusting).transpose()?,
            connect_timeout: Duration::from_millis(scylla.connect_timeout_ms),
            request_timeout: Duration::from_millis(scylla.request_timeout_ms),
            resolve_timeout: Duration::from_millis(scylla.resolve_timeout_ms),
            keep_left: Duration::from_secs(u64::from(config.store.keep_left_days) * DAY_SECONDS),
        })
    }
}

const DAY_SECONDS: u64 = 86_400;
