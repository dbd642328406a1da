//! Requests to the database, and answers in pages.

use std::ops::ControlFlow;

use futures_util::{Stream, stream};
use lantern_actors::ports::store::StoreError;
use scylla::{
    response::{PagingState, query_result::QueryRowsResult},
    serialize::row::SerializeRow,
    statement::prepared::PreparedStatement,
};

use super::{
    errors::{unavailable, unreadable},
    link::{Connected, Link},
    statements::Statements,
};

impl Connected {
    /// Executes a statement whose answer has no rows.
    pub(super) async fn execute(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<(), StoreError> {
        let done = self.session.execute_unpaged(statement, values).await;
        done.map(|_| ()).map_err(unavailable)
    }

    /// Executes a statement whose answer is small.
    pub(super) async fn rows(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
    ) -> Result<QueryRowsResult, StoreError> {
        let answer = self.session.execute_unpaged(statement, values).await;
        answer
            .map_err(unavailable)?
            .into_rows_result()
            .map_err(unreadable)
    }

    /// One page of an answer, and where the next one begins.
    pub(super) async fn page(
        &self,
        statement: &PreparedStatement,
        values: impl SerializeRow,
        from: PagingState,
    ) -> Result<(QueryRowsResult, Option<PagingState>), StoreError> {
        let answer = self.session.execute_single_page(statement, values, from);
        let (page, next) = answer.await.map_err(unavailable)?;
        let next = match next.into_paging_control_flow() {
            ControlFlow::Continue(next) => Some(next),
            ControlFlow::Break(()) => None,
        };
        Ok((page.into_rows_result().map_err(unreadable)?, next))
    }
}

/// All pages of an answer. Each is a call of its own, so a slow reader keeps nobody waiting.
pub(super) fn pages<V: SerializeRow + Clone + Send + Sync>(
    link: &Link,
    statement: impl Fn(&Statements) -> &PreparedStatement + Send + Sync + Copy,
    values: V,
) -> impl Stream<Item = Result<QueryRowsResult, StoreError>> + Send {
    stream::try_unfold(Some(PagingState::start()), move |from| {
        let values = values.clone();
        async move {
            let Some(from) = from else { return Ok(None) };
            let call = link.call()?;
            let statement = statement(&call.statements);
            let (page, next) = call.page(statement, values, from).await?;
            Ok(Some((page, next)))
        }
    })
}
