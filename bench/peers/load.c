/* Writes to a MariaDB server from many sessions at once, and says how long each write took.
 *
 * load SOCKET USER PASSWORD DATABASE CLIENTS SECONDS STATEMENT [STATEMENT ...]
 *
 * Each session repeats the statements, one write a turn, until the time is over. In a statement `{row}` is the session's
 * own number, `{turn}` the number of the turn, `{id}` a text that no other turn of any run has. Prints one line of JSON:
 * writes, failed (turns with an error), seconds, and p50, p99, worst of a turn in microseconds; error is the first one.
 * Ends with 2 when it is called wrongly, with 1 when a session cannot begin.
 */
#include <mysql.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 4096, MOST_CLIENTS = 512, FIRST_ROOM = 1024 };

static char **settings; /* socket, user, password, database */
static char **statements;
static int number_of_statements;
static double run_seconds, deadline;
static long started; /* so that an id of this run is one of no other */
static char first_error[512];
static pthread_mutex_t error_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begin;

struct session {
    pthread_t thread;
    int number;
    double *taken; /* microseconds of each turn that ended well */
    size_t turns, room, failed;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void fail(const char *why) {
    fprintf(stderr, "%s\n", why);
    exit(1);
}

static void note_error(MYSQL *mysql) {
    pthread_mutex_lock(&error_lock);
    if (!first_error[0])
        snprintf(first_error, sizeof first_error, "%s", mysql_error(mysql));
    pthread_mutex_unlock(&error_lock);
}

/* Appends at most what is left of the room. */
static void append(char *into, const char *format, ...) {
    size_t used = strlen(into);
    va_list values;
    va_start(values, format);
    vsnprintf(into + used, LONGEST - used, format, values);
    va_end(values);
}

static void fill(char *into, const char *from, int row, size_t turn) {
    into[0] = 0;
    while (*from) {
        if (!strncmp(from, "{row}", 5)) {
            append(into, "%d", row);
            from += 5;
        } else if (!strncmp(from, "{turn}", 6)) {
            append(into, "%zu", turn);
            from += 6;
        } else if (!strncmp(from, "{id}", 4)) {
            append(into, "load-%ld-%d-%d-%zu", started, (int)getpid(), row, turn);
            from += 4;
        } else {
            append(into, "%c", *from++);
        }
    }
}

/* One statement and all of its results; whether it went well. */
static int run(MYSQL *mysql, const char *text) {
    if (mysql_real_query(mysql, text, strlen(text)))
        return 0;
    int more;
    do {
        MYSQL_RES *result = mysql_use_result(mysql);
        if (result) {
            while (mysql_fetch_row(result))
                ;
            mysql_free_result(result);
        }
        more = mysql_next_result(mysql);
    } while (more == 0);
    return more < 0;
}

static void keep(struct session *own, double microseconds) {
    if (own->turns == own->room) {
        own->room = own->room ? own->room * 2 : FIRST_ROOM;
        own->taken = realloc(own->taken, own->room * sizeof *own->taken);
        if (!own->taken)
            fail("There is no memory for the times.");
    }
    own->taken[own->turns++] = microseconds;
}

static void *work(void *given) {
    struct session *own = given;
    char text[LONGEST];
    MYSQL *mysql = mysql_init(NULL);
    unsigned int seconds = 30;
    mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &seconds);
    if (!mysql_real_connect(mysql, NULL, settings[1], settings[2], settings[3], 0, settings[0], CLIENT_MULTI_RESULTS))
        fail(mysql_error(mysql));
    pthread_barrier_wait(&begin);
    if (own->number == 0)
        deadline = now() + run_seconds * 1e6;
    pthread_barrier_wait(&begin);
    for (size_t turn = 1; now() < deadline; turn++) {
        double start = now();
        int well = 1;
        for (int i = 0; well && i < number_of_statements; i++) {
            fill(text, statements[i], own->number, turn);
            well = run(mysql, text);
        }
        if (well) {
            keep(own, now() - start);
        } else {
            own->failed++;
            note_error(mysql);
        }
    }
    mysql_close(mysql);
    mysql_thread_end();
    return NULL;
}

static int ascending(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double quantile(const double *sorted, size_t number, double share) {
    return number ? sorted[(size_t)((double)(number - 1) * share)] : 0;
}

/* The text without what would end or break a text of JSON. */
static void plain(char *text) {
    for (; *text; text++)
        if (*text == '"' || *text == '\\' || (unsigned char)*text < ' ')
            *text = ' ';
}

int main(int count, char **given) {
    if (count < 8) {
        fputs("load SOCKET USER PASSWORD DATABASE CLIENTS SECONDS STATEMENT [STATEMENT ...]\n", stderr);
        return 2;
    }
    int clients = atoi(given[5]);
    run_seconds = atof(given[6]);
    if (clients < 1 || clients > MOST_CLIENTS || run_seconds <= 0) {
        fprintf(stderr, "CLIENTS is 1 to %d, SECONDS more than 0.\n", MOST_CLIENTS);
        return 2;
    }
    started = (long)time(NULL);
    settings = given + 1;
    statements = given + 7;
    number_of_statements = count - 7;
    static struct session sessions[MOST_CLIENTS];
    pthread_barrier_init(&begin, NULL, (unsigned)clients);
    mysql_library_init(0, NULL, NULL);
    for (int i = 0; i < clients; i++) {
        sessions[i].number = i;
        if (pthread_create(&sessions[i].thread, NULL, work, &sessions[i]))
            fail("A session cannot begin.");
    }
    size_t turns = 0, failed = 0;
    for (int i = 0; i < clients; i++) {
        pthread_join(sessions[i].thread, NULL);
        turns += sessions[i].turns;
        failed += sessions[i].failed;
    }
    double over = now() - deadline + run_seconds * 1e6; /* the last turns end after the deadline */
    double *all = malloc((turns + 1) * sizeof *all);
    size_t at = 0;
    for (int i = 0; i < clients; i++) {
        memcpy(all + at, sessions[i].taken, sessions[i].turns * sizeof *all);
        at += sessions[i].turns;
    }
    qsort(all, turns, sizeof *all, ascending);
    plain(first_error);
    printf("{\"writes\": %zu, \"failed\": %zu, \"seconds\": %.6f, ", turns, failed, over / 1e6);
    printf("\"p50\": %.1f, \"p99\": %.1f, \"worst\": %.1f, ", quantile(all, turns, 0.5), quantile(all, turns, 0.99),
           quantile(all, turns, 1.0));
    printf("\"error\": \"%s\"}\n", first_error);
    return 0;
}
