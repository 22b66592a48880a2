use bytes::{BufMut as _, BytesMut};
use crdb_exec::{IsNull, OwnedParameters, ToSql, Type, to_sql_checked};
use postgres_types::Kind;

/// One parameter of many sets, as an array.
#[derive(Debug)]
pub(super) struct ColumnOf<'a> {
    sets: &'a [OwnedParameters],
    index: usize,
}

impl<'a> ColumnOf<'a> {
    pub(super) fn new(sets: &'a [OwnedParameters], index: usize) -> Self {
        Self { sets, index }
    }
}

/// One dimension that begins at 1 (`array_send` in PostgreSQL's src/backend/utils/adt/arrayfuncs.c).
impl ToSql for ColumnOf<'_> {
    fn to_sql(
        &self,
        sql_type: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        let Kind::Array(element) = sql_type.kind() else {
            return Err("not an array".into());
        };
        out.put_i32(1);
        // Whether there are NULLs; a server looks for itself.
        out.put_i32(1);
        out.put_u32(element.oid());
        out.put_i32(i32::try_from(self.sets.len())?);
        out.put_i32(1);
        for set in self.sets {
            let values = set.as_parameters();
            let value = values.get(self.index).ok_or("a set lacks a value")?;
            let length = out.len();
            out.put_i32(-1);
            crdb_exec::check_time(*value, element)?;
            if let IsNull::No = value.to_sql_checked(element, out)? {
                let size = i32::try_from(out.len() - length - 4)?;
                if let Some(place) = out.get_mut(length..length + 4) {
                    place.copy_from_slice(&size.to_be_bytes());
                }
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(sql_type: &Type) -> bool {
        matches!(sql_type.kind(), Kind::Array(_))
    }

    to_sql_checked!();
}

/// About how many bytes a set's values have: those of texts, bytes, JSON and their arrays as they are encoded, 16 of every other value.
pub(super) fn size_of(set: &OwnedParameters) -> usize {
    const LONG: [Type; 6] = [
        Type::TEXT,
        Type::BYTEA,
        Type::JSONB,
        Type::JSON,
        Type::TEXT_ARRAY,
        Type::BYTEA_ARRAY,
    ];
    let mut buffer = BytesMut::new();
    set.as_parameters()
        .iter()
        .map(|value| {
            let encoded = LONG.iter().any(|sql_type| {
                buffer.clear();
                value.to_sql_checked(sql_type, &mut buffer).is_ok()
            });
            if encoded { buffer.len() + 4 } else { 16 }
        })
        .sum()
}
