// One line for each application role: its name and its DATABASE_URL, from the owner's in DATABASE_URL. For installs
// where each process gets a Secret of its own; `cupel migrate` sets the same passwords in the database.
//   DATABASE_URL=postgres://cupel:…@host:5432/cupel node scripts/role-urls.ts
import { roles, roleUrl } from '../src/adapters/postgres/roles.ts'

const ownerUrl = process.env['DATABASE_URL']
if (!ownerUrl) {
  process.stderr.write('set DATABASE_URL to the owner’s URL\n')
  process.exit(2)
}
for (const role of roles) process.stdout.write(`${role} ${roleUrl(ownerUrl, role)}\n`)
