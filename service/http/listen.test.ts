import { createServer, type Server } from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { listen } from './listen.ts';

const servers: Server[] = [];
const fresh = () => {
  const server = createServer();
  servers.push(server);
  return server;
};
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** An address for documentation, which no computer has. */
const NOBODYS = '203.0.113.7';

it('a server listens on the first address that the computer has', async () => {
  const { host, port } = await listen(fresh(), 0, [NOBODYS, '127.0.0.1']);
  expect([host, port > 0]).toEqual(['127.0.0.1', true]);
});

it('a port that is taken is told of, and no other address is tried', async () => {
  const { port } = await listen(fresh(), 0, ['127.0.0.1']);
  const second = fresh();
  await expect(listen(second, port, ['127.0.0.1', '::1'])).rejects.toThrow(`Port ${port} is taken`);
  expect(second.listening).toBe(false);
});

it('a computer without any of the addresses is told what to do, and only what applies', async () => {
  await expect(listen(fresh(), 0, [NOBODYS, '203.0.113.8'])).rejects.toThrow(/neither .* nor .*loopback network/);
  await expect(listen(fresh(), 0, [NOBODYS])).rejects.toThrow(/leave --host out/);
});
