//! Collecting the snapshot of a release and compiling it.

use std::sync::Arc;

use compile::{
    Compiler,
    assemble::{self, Needs},
    component,
    connections::resources::Resolved,
};
use model::{PlaneName, UnitId, kinds::ReleaseBinding};

use super::{
    connections::{self, Connections},
    resources,
};
use crate::{
    decide::{conditions::Because, plane::link_of, unit_of},
    world::{Halt, Object, World},
};

/// What rendering came to.
pub(super) struct Rendered {
    /// Present once the release is known to be usable.
    pub(super) needs: Option<(Connections, Resolved)>,
    pub(super) outcome: Result<Deployable, Because>,
}

/// A release that can be put on a plane.
pub(super) struct Deployable {
    pub(super) compiled: Arc<component::Compiled>,
    pub(super) plane: PlaneName,
    pub(super) workload_type: String,
    /// Why the project has no cell in this environment, if it has none.
    pub(super) cell_missing: Option<String>,
}

pub(super) fn render(
    object: &Object<ReleaseBinding>,
    unit: &UnitId,
    world: &World<'_>,
    compiler: &Compiler,
) -> Result<Rendered, Halt> {
    let parts = match assemble::binding(object, world)? {
        Ok(parts) => parts,
        Err(refused) => {
            return Ok(Rendered {
                needs: None,
                outcome: Err(refused.into()),
            });
        }
    };
    let workload = &parts.release.spec.workload;
    let connections = connections::resolve(object, workload, world)?;
    let resources = resources::resolve(object, workload, world)?;
    let needs = Needs {
        connections: connections.items.clone(),
        resources: resources.items.clone(),
        secrets: assemble::secrets(object, workload, world)?,
    };
    let (cell_unit, cell_missing) = cell(object, world)?;
    let workload_type = parts
        .component
        .spec
        .component_type
        .workload_type()
        .to_owned();
    let plane = link_of(&parts.data_plane.0);
    let units = (unit.clone(), cell_unit);
    let snapshot = parts.snapshot(object, units, needs);
    let outcome = match compiler.component(&snapshot) {
        Ok(compiled) => Ok(Deployable {
            compiled,
            plane,
            workload_type,
            cell_missing,
        }),
        Err(diagnostics) => Err(Because::new(
            "RenderingFailed",
            format!("Failed to render resources: {diagnostics}"),
        )),
    };
    Ok(Rendered {
        needs: Some((connections, resources)),
        outcome,
    })
}

/// The unit of the project's cell in this environment, or why there is none.
fn cell(
    object: &Object<ReleaseBinding>,
    world: &World<'_>,
) -> Result<(Option<UnitId>, Option<String>), Halt> {
    Ok(match assemble::cell_of(object, world)? {
        Some(cell) => (Some(unit_of(cell.key())), None),
        None => {
            let message = format!(
                "Project {:?} has no cell in environment {:?}: create a ProjectReleaseBinding for it",
                object.spec.owner.project_name, object.spec.environment
            );
            (None, Some(message))
        }
    })
}
