/**
 * The smoke set, version 1: small pull requests by hand, some with defects that nobody should miss, some with none. A line
 * with a defect ends with ⟦who|what⟧, where `who` is the analyser that claims it, or `model`. Texts, so that no linter
 * takes them for code of this project. Change nothing without a new version: results name the one they are of.
 */
export const smokeVersion = 1

/** By the case's name: what its pull request adds, by path. */
export const smokeTexts: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'typescript-orders': {
    'src/orders.ts': String.raw`
export interface Database {
  query(text: string, values?: unknown[]): Promise<{ rows: { id: number; cents: number }[] }>
}

export async function ordersOf(db: Database, customer: string): Promise<number[]> {
  const { rows } = await db.query("SELECT id, cents FROM orders WHERE customer = '" + customer + "'") ⟦ast-grep|SQL is built from the customer's name⟧
  return rows.map(row => row.id)
}

export function isUnpriced(cents: number): boolean {
  return cents === NaN ⟦oxlint|nothing equals NaN⟧
}

export const defaults = {
  currency: 'EUR',
  pageSize: 20,
  currency: 'USD', ⟦oxlint|the key stands twice⟧
}
`,
    'src/paging.ts': String.raw`
/** The slice of a list that a page shows; pages do not overlap, and the first is page 0. */
export function pageOf<T>(items: readonly T[], page: number, size: number): T[] {
  return items.slice(page * size, page * size + size + 1) ⟦model|the page shows one item too many⟧
}

/** The average price, 0 when there is no order. */
export function averageCents(orders: readonly { cents: number }[]): number {
  const sum = orders.reduce((total, order) => total + order.cents, 0)
  return sum / orders.length ⟦model|divides by zero when there is no order⟧
}
`,
  },
  'python-report': {
    'report.py': String.raw`
import subprocess


def archive(name):
    subprocess.run("tar czf backup.tgz " + name, shell=True) ⟦ruff|a shell command is built from a name⟧


def total(rows):
    summe = 0
    for row in rows:
        summe += row["amount"]
    return sume ⟦ruff|the name is not defined⟧


def may_delete(user, document):
    """Owners and administrators may delete, nobody else."""
    return user.id == document.owner_id or not user.is_admin ⟦model|everybody but administrators may delete⟧
`,
  },
  'go-cache': {
    'cache/cache.go': String.raw`
package cache

import (
	"crypto/tls"
	"net/http"
	"sync"
)

type Cache struct {
	mu     sync.Mutex
	values map[string]string
}

func client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ⟦ast-grep|certificates are not checked⟧
	}}
}

func (c *Cache) Get(key string) (string, bool) {
	c.mu.Lock()
	value, found := c.values[key]
	if !found {
		return "", false ⟦model|the lock is kept when the key is missing⟧
	}
	c.mu.Unlock()
	return value, true
}

func last(values []string) string {
	result := ""
	for i := 0; i <= len(values); i++ { ⟦ast-grep|the loop runs one past the end⟧
		result = values[i]
	}
	return result
}
`,
  },
  'java-login': {
    'src/main/java/shop/Login.java': String.raw`
package shop;

import java.util.Map;

final class Login {
    private final Map<String, String> roles;

    Login(Map<String, String> roles) {
        this.roles = roles;
    }

    boolean isRoot(String name) {
        return name == "root"; ⟦ast-grep|strings are compared by identity⟧
    }

    /** A session ends after thirty minutes without use. */
    boolean hasEnded(long lastUsedMillis, long nowMillis) {
        return nowMillis - lastUsedMillis < 30 * 60 * 1000; ⟦model|a session counts as ended while it is fresh⟧
    }

    int lengthOfRole(String name) {
        return roles.get(name).length(); ⟦model|an unknown name has no role⟧
    }
}
`,
  },
  'workflow-greeting': {
    '.github/workflows/greeting.yml': String.raw`
name: Greeting
on:
  pull_request_target:
    types: [opened]
jobs:
  greet:
    runs-on: ubuntu-latest
    steps:
      - run: echo "Thank you for ${'$'}{{ github.event.pull_request.title }}" ⟦actionlint|the title becomes part of a shell script⟧
`,
  },
  'clean-typescript': {
    'src/slug.ts': String.raw`
const longest = 60

/** A title as part of a URL: lower case, words joined by hyphens, at most 60 characters. */
export function slugOf(title: string): string {
  return title
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, longest)
    .replace(/^-+|-+$/g, '')
}
`,
  },
  'clean-python': {
    'queue_length.py': String.raw`
def longest_wait(waits):
    """The longest wait in seconds, 0.0 when nobody waits."""
    return max(waits, default=0.0)


def by_priority(jobs):
    """Jobs in the order in which they are taken: priority first, then age."""
    return sorted(jobs, key=lambda job: (-job["priority"], job["created_at"]))
`,
  },
  'clean-go': {
    'limits/limits.go': String.raw`
package limits

// Clamp answers value, but no less than low and no more than high.
func Clamp(value, low, high int) int {
	if value < low {
		return low
	}
	if value > high {
		return high
	}
	return value
}
`,
  },
}
