import { stem } from './stem.ts'

/**
 * Words that reviewers use for one another, a group a line; a word stands in one group only. General knowledge of code
 * review, not collected from what the judged pairs lack; nothing in it belongs to a repository or a tool. Groups join
 * what speaks of one kind of defect, so they hold neighbours (`race`, `mutex`), not synonyms alone.
 */
const groups = `
null nil none undefined npe nullpointer nullable nullpointerexception nonetype typeerror nosuchelement unset
exception throw thrown raise error fault
crash panic abort segfault
race concurrent concurrency thread threadsafe threadsafety simultaneous parallel atomic interleave toctou synchronize mutex lock unsynchronized nonatomic
deadlock livelock starvation hang stuck block
leak unreleased unclosed dangling
close release dispose cleanup teardown free
inject sqli unsanitized unescaped xss
sanitize escape encode purify
auth authenticate login signin credential
authorize permission privilege access acl role
secret token apikey password key
validate verify check guard assert ensure
miss missing absent lack omit forget forgot without
typo misspell spelling spelt
rename name naming misnamed misnomer
doc document documentation docstring javadoc comment jsdoc readme
test spec unittest fixture
mock stub monkeypatch patch fake spy
flaky nondeterministic intermittent unstable unreliable nondeterminism unpredictable timing
deterministic stable reproducible
unused dead unreachable unreferenced unneeded redundant superfluous
duplicate dup dedupe deduplicate repeat redundancy twice
remove delete drop discard erase destroy
create add insert new
update modify change mutate alter edit
return yield
wrong incorrect invalid erroneous mistaken improper inaccurate faulty broken bug buggy
inconsistent mismatch inconsistency differ discrepancy disagree diverge contradict
invert reverse flip swap opposite backward negate
slow performance inefficient expensive costly overhead inefficiency latency
query select fetch load retrieve lookup read
cache memoize memo
await async asynchronous promise asynchronously unawaited unhandled
loop iterate foreach for while
overflow wraparound exceed
bound range limit boundary offbyone outofbounds
index offset position subscript
empty blank zero length
negative minus signed
compare comparison equal identity
cast convert conversion coerce parse
type typing
timezone utc tz
date time datetime timestamp
locale translation language i18n l10n localization
case casesensitive insensitive uppercase lowercase sensitivity casing
constant hardcoded magic literal
log logger
hide swallow suppress ignore silently mask
catch handle handler rescue
fail failure break
retry backoff
timeout deadline expire expiry expiration ttl elapse
sleep wait delay
kill terminate stop shutdown
start begin init initialize startup
import require include dependency
export expose public
deprecated obsolete legacy outdated stale
config configuration setting option
default fallback
argument parameter param arg
call invoke invocation
method function func fn procedure routine
class object instance
field property attribute member column
variable var identifier
list array collection slice vector
map dict dictionary hash hashmap
string text
boolean bool flag truthy falsy
condition if branch predicate
always unconditionally every
never impossible
unnecessary needless extra
regex regexp pattern
url uri link href
request req
response resp
user account
email mail
file path
directory folder
database db sql
transaction commit rollback
migrate schema
regression regress
state status
memory heap allocation
security vulnerability vulnerable exploit attack unsafe insecure bypass
style css stylesheet scss
colour color
render display show
frontend ui
component widget view
event emit trigger dispatch
callback hook listener
subscribe unsubscribe
copy clone
reference pointer ref
visibility private protected
encrypt decrypt cipher
sort order
filter exclude whitelist blacklist allowlist denylist
domain host hostname
number numeric integer int float
round floor ceil truncate precision
divide division modulo
shadow override overwrite clobber
inherit subclass extend superclass
interface contract api abstract
generic raw unchecked
side effect
confuse misleading unclear ambiguous readability
`

const conceptOfStem = new Map(
  groups
    .trim()
    .split('\n')
    .flatMap((line, group) => line.split(' ').map(word => [stem(word), `~${group}`] as const)),
)

/** The group that a stem belongs to, in a form that no stem has. */
export function conceptOf(stemmed: string): string | undefined {
  return conceptOfStem.get(stemmed)
}
