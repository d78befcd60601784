import { writeSchemas } from './schemas/files.js';

// Run by the build: node dist/src/events/write-schemas.js dist/schemas
writeSchemas(process.argv[2] ?? 'dist/schemas');
