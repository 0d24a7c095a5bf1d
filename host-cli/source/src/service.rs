//! Describes a trait that is a service.

use crate::error::SourceError;
use crate::kept::keep;
use crate::tree::{ModuleId, Tree, service_attribute};
use crate::types::Scope;
use heck::ToSnakeCase;
use rpc_proto::describe::{Mark, ProcedureKind};
use rpc_proto::macro_support::{ArgumentDescription, ProcedureDescription, ServiceDescription};
use rpc_proto_syntax::{Flow, Options, Procedure};
use syn::ext::IdentExt;
use syn::{Item, Meta};

impl Tree {
    /// Describes the service that the trait with that position in a module is.
    ///
    /// # Errors
    /// Fails if the macro would refuse the trait, or a type cannot be described.
    pub fn service(
        &self,
        module: ModuleId,
        position: usize,
    ) -> Result<ServiceDescription, SourceError> {
        let here = &self.modules[module];
        let Item::Trait(item) = &here.items[position] else {
            return Err(SourceError::of_file(&here.file, "it has no such service"));
        };
        let syntax = |error| SourceError::of_syntax(&here.file, error);
        let options = match service_attribute(item).map(|attribute| &attribute.meta) {
            Some(Meta::List(list)) => list.parse_args::<Options>().map_err(syntax)?,
            _ => Options::default(),
        };
        let service = rpc_proto_syntax::service(&mut item.clone(), &options).map_err(syntax)?;
        let procedures = service.procedures.iter();
        let procedures: Result<Vec<_>, _> = procedures
            .map(|procedure| self.procedure(module, procedure))
            .collect();
        Ok(ServiceDescription {
            name: keep(service.ident.unraw().to_string().to_snake_case()),
            doc: keep(self.text_of_docs(module, &service.docs)?),
            procedures: keep(procedures?),
        })
    }

    fn procedure(
        &self,
        module: ModuleId,
        procedure: &Procedure,
    ) -> Result<ProcedureDescription, SourceError> {
        let scope = Scope::new(self, module);
        let arguments: Result<Vec<_>, _> = procedure
            .arguments
            .iter()
            .map(|argument| {
                Ok(ArgumentDescription {
                    name: keep(argument.ident.unraw().to_string()),
                    ty: scope.ty(&argument.ty)?,
                })
            })
            .collect();
        let kind = match (procedure.is_event, &procedure.flow) {
            (true, _) => ProcedureKind::Event,
            (false, Flow::Call) => ProcedureKind::Call,
            (false, Flow::Stream { moves: false }) => ProcedureKind::Stream,
            (false, Flow::Stream { moves: true }) => ProcedureKind::MovingStream,
            (false, Flow::Feed(_)) => ProcedureKind::Feed,
        };
        let error = procedure.outcome.error.as_ref();
        Ok(ProcedureDescription {
            name: keep(procedure.ident.unraw().to_string()),
            doc: keep(self.text_of_docs(module, &procedure.docs)?),
            arguments: keep(arguments?),
            value: scope.ty(&procedure.outcome.value)?,
            error: error.map(|error| scope.ty(error)).transpose()?,
            mark: Mark::new(kind, procedure.idempotent),
        })
    }
}
