import type { Client } from '../api/client';
import type { Contribution, Dataset, Model } from '../api/types';
import { Resource } from './resource';
import type { Session } from './session';

const PAGE = 500;

/** What a server has to choose from: models, data sets, and what its plugins offer. Read when it is first asked for. */
export interface Catalog {
  models: Resource<readonly Model[]>;
  datasets: Resource<readonly Dataset[]>;
  contributions: Resource<readonly Contribution[]>;
}

const catalogs = new WeakMap<Session, Catalog>();

/** Returns the catalog of a session's server; the same one to everybody who asks. */
export function catalogOf(session: Session): Catalog {
  let catalog = catalogs.get(session);
  if (!catalog) {
    const { client } = session;
    catalog = {
      models: new Resource(() => readAll<Model>(client, '/models', 'models')),
      datasets: new Resource(() => readAll<Dataset>(client, '/datasets', 'datasets')),
      contributions: new Resource(async () => (await client.plugins()).contributions),
    };
    catalogs.set(session, catalog);
  }
  return catalog;
}

/** Reads a list to its end. */
async function readAll<T>(client: Client, path: string, name: string): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const query: { limit: number; cursor: string | null } = { limit: PAGE, cursor };
    const page: Record<string, unknown> = await client.get(path, query);
    found.push(...(page[name] as T[]));
    cursor = (page['next'] as string | null | undefined) ?? null;
  } while (cursor !== null);
  return found;
}
