import type { Kysely } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Signed metadata, the releases it vouches for, what each robot should run, and what robots reported of it. */
export const releasesAndDeployments: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('tuf_metadata')
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('version', 'integer', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addColumn('stored_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('tuf_metadata_once', ['role', 'version'])
      .execute();
    await db.schema
      .createTable('tuf_targets')
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('sha256', 'text', (column) => column.notNull())
      .addColumn('text', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('tuf_targets_once', ['name', 'sha256'])
      .execute();
    await db.schema
      .createTable('releases')
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('component', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('release_counter', 'integer', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull().unique())
      .addColumn('manifest_sha256', 'text', (column) => column.notNull())
      .addColumn('manifest_length', 'integer', (column) => column.notNull())
      .addColumn('bundle_sha256', 'text', (column) => column.notNull())
      .addColumn('bundle_size', 'bigint', (column) => column.notNull())
      .addColumn('size_on_disk', 'bigint', (column) => column.notNull())
      .addColumn('description', 'text')
      .addColumn('published_at', 'text', (column) => column.notNull())
      .addColumn('published_by', 'text', (column) => column.notNull())
      .addColumn('revoked_at', 'text')
      .addColumn('revoked_by', 'text')
      // The rule "a published version is immutable", where no race can pass it.
      .addPrimaryKeyConstraint('releases_once', ['environment', 'component', 'version'])
      .execute();
    await db.schema.createIndex('releases_by_manifest').on('releases').column('manifest_sha256').execute();
    await db.schema
      .createTable('deployments')
      .addColumn('deployment', 'text', (column) => column.primaryKey())
      .addColumn('robot', 'text', (column) => column.notNull().references('robots.robot'))
      .addColumn('environment', 'text', (column) => column.notNull())
      .addColumn('component', 'text', (column) => column.notNull())
      .addColumn('version', 'text', (column) => column.notNull())
      .addColumn('target', 'text', (column) => column.notNull())
      .addColumn('manifest_sha256', 'text', (column) => column.notNull())
      .addColumn('manifest_length', 'integer', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('allow_downgrade', 'integer', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('created_at', 'text', (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('ended_at', 'text')
      .addColumn('refusal', 'text')
      .execute();
    await db.schema.createIndex('deployments_by_robot').on('deployments').columns(['robot', 'deployment']).execute();
    await db.schema.createIndex('deployments_by_state').on('deployments').columns(['state', 'deployment']).execute();
    await db.schema
      .createTable('deployment_events')
      .addColumn('deployment', 'text', (column) => column.notNull().references('deployments.deployment'))
      .addColumn('ordinal', 'integer', (column) => column.notNull())
      .addColumn('at', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('by', 'text', (column) => column.notNull())
      .addColumn('refusal', 'text')
      .addPrimaryKeyConstraint('deployment_events_once', ['deployment', 'ordinal'])
      .execute();
    // One row per robot: its generation is the `seq` of the assignments it gets.
    await db.schema
      .createTable('robot_orders')
      .addColumn('robot', 'text', (column) => column.primaryKey().references('robots.robot'))
      .addColumn('generation', 'bigint', (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('desired')
      .addColumn('robot', 'text', (column) => column.notNull().references('robot_orders.robot'))
      .addColumn('component', 'text', (column) => column.notNull())
      .addColumn('deployment', 'text', (column) => column.notNull().references('deployments.deployment'))
      .addPrimaryKeyConstraint('desired_once', ['robot', 'component'])
      .execute();
    // By key and not by robot: a robot enrolled again starts a new chain, the old one stays as evidence.
    await db.schema
      .createTable('reports')
      .addColumn('keyid', 'text', (column) => column.notNull())
      .addColumn('seq', 'bigint', (column) => column.notNull())
      .addColumn('sha256', 'text', (column) => column.notNull())
      .addColumn('robot', 'text', (column) => column.notNull())
      .addColumn('envelope', 'text', (column) => column.notNull())
      .addColumn('received_at', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('reports_once', ['keyid', 'seq'])
      .execute();
    await db.schema
      .createTable('checked_bundles')
      .addColumn('manifest_sha256', 'text', (column) => column.primaryKey())
      .addColumn('checked_at', 'text', (column) => column.notNull())
      .execute();
  },
};
