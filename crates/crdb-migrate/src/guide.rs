//! Expand and contract: a rename without downtime.
//!
//! While a service is rolled out, programs of the old and the new version run at the same time. A schema change that either of them
//! cannot live with is an outage. `ALTER TABLE .. RENAME COLUMN` is one: old programs name the old column. So a change is
//! made in steps, each of which fits the program before it and the one after it:
//!
//! | step | migration | programs that run meanwhile |
//! | --- | --- | --- |
//! | expand | 2: add the new column | write the old one |
//! | roll out | | write both, read the old one |
//! | copy | 3, 4: fill the new column, and demand that it is filled | write both, read the old one |
//! | roll out | | write both, read the new one; then write the new one only |
//! | contract | 5: drop the old column | know nothing of the old one |
//!
//! The table `customer` has a column `phone`, which is to be called `mobile`:
//!
//! ```
//! use crdb_migrate::Migrations;
//!
//! let migrations = Migrations::from_embedded(&[
//!     ("0001_customer.up.sql", "CREATE TABLE customer (id INT8 PRIMARY KEY, phone TEXT);"),
//!     // Expand. Nullable and without a default: old programs do not fill it, and nothing is backfilled.
//!     ("0002_mobile.up.sql", "ALTER TABLE customer ADD COLUMN mobile TEXT;"),
//!     ("0002_mobile.down.sql", "ALTER TABLE customer DROP COLUMN mobile;"),
//!     // Copy, once every running program writes both. Many rows are copied in parts by a `CodeMigration`.
//!     ("0003_copy_mobile.up.sql", "UPDATE customer SET mobile = phone WHERE mobile IS DISTINCT FROM phone;"),
//!     ("0003_copy_mobile.down.sql", "SELECT 1;"),
//!     // NOT VALID locks briefly; the check of all rows that follows lets writers go on.
//!     (
//!         "0004_mobile_is_there.up.sql",
//!         "ALTER TABLE customer ADD CONSTRAINT mobile_is_there CHECK (mobile IS NOT NULL OR phone IS NULL) NOT VALID;
//!          ALTER TABLE customer VALIDATE CONSTRAINT mobile_is_there;",
//!     ),
//!     ("0004_mobile_is_there.down.sql", "ALTER TABLE customer DROP CONSTRAINT mobile_is_there;"),
//!     // Contract, once no running program names `phone`. The constraint names it, so it goes first.
//!     (
//!         "0005_drop_phone.up.sql",
//!         "-- allow: data_loss
//!          ALTER TABLE customer DROP CONSTRAINT mobile_is_there;
//!          ALTER TABLE customer DROP COLUMN phone;",
//!     ),
//! ])?;
//! assert_eq!(migrations.latest(), Some(5));
//!
//! // The queries of the program that is to run when migration 5 does must not name `phone` any more.
//! let queries = crdb_sql::Repository::from_embedded(&[(
//!     "customer.sql",
//!     "-- name: phone :one\nSELECT phone FROM customer WHERE id = :id;",
//! )])?;
//! let broken = migrations.broken_queries(4, &queries);
//! assert_eq!(broken.len(), 1);
//! assert!(broken[0].message().contains("customer.phone"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Each program asks with [`check_at_least`](crate::Migrator::check_at_least) for the step that it needs: the one that writes both for 2, the one
//! that reads the new column for 3. A newer database passes, so a program can be rolled back without its schema. Only after
//! *contract* there is no way back but a restore, which is why [`plan`](crate::Migrator::plan) calls it `data_loss` and the file
//! says that it is meant.
