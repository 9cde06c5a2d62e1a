"""How the schema came to be, step by step (Alembic); run by `isms_workflow.store.schema.upgrade`."""
