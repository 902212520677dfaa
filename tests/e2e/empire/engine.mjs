// The conformance test of the workflow engines (tests/unit/empire/test_workflow_engine.c) on PostgreSQL.
//   node engine.mjs EMPIRE TEST_WORKFLOW_ENGINE
import { spawnSync } from 'node:child_process';
import { empire, Postgres, setProgram } from './harness.mjs';

setProgram(process.argv[2]);
const pg = new Postgres();
let code = 1;
try {
    pg.start();
    const migrated = empire(['migrate'], { DATABASE_URL: pg.url });
    if (migrated.code !== 0) throw new Error(`empire migrate: ${migrated.err}`);
    code = spawnSync(process.argv[3], ['postgres'], { env: { ...process.env, DATABASE_URL: pg.url }, stdio: 'inherit', timeout: 60000 }).status ?? 1;
} finally {
    pg.remove();
}
process.exit(code);
