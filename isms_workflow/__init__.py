"""A workflow engine that drives an ISO/IEC 27001 management system through its Plan-Do-Check-Act cycle."""
