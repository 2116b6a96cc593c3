/*
 * The list of what stays open. A file that is read again (at a reload, at each connection, at each
 * card) is opened by name, and whoever renews it renames a new one into its place: so it is the
 * file's folder that stays readable, and where the name is a symbolic link the folder of what it
 * points to. A folder that a reload names for the first time is closed until a restart.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "conf/conf.h"
#include "confine/confine_internal.h"

/* What the libraries read by themselves: NSS and its modules, the resolver, time zones, SASL and
 * character tables, authorities, how many processors there are. /etc is whole, for what is in it is
 * replaced by renaming; what is secret there is not for our user to read. */
static const char *const system_places[] = {
    "/etc",
    "/usr",
    "/lib",
    "/lib64",
    "/dev/random",
    "/dev/urandom",
    "/proc/sys",
    "/sys/devices/system/cpu",
};
/* Often a symbolic link into /run. */
static const char resolver_file[] = "/etc/resolv.conf";

static void
places_add(struct places *places, const char *path, enum place_use use)
{
	places->list = mem_grow(places->list, places->count + 1, sizeof(*places->list));
	places->list[places->count++] = (struct place){mem_text(path), use};
}

/* A file right below the root is open by itself: its folder would be everything. */
static void
places_add_folder_of(struct places *places, const char *path, enum place_use use)
{
	const char *slash = strrchr(path, '/');
	char *folder;

	if (slash == NULL || slash == path) {
		places_add(places, slash == NULL ? "." : path, use);
		return;
	}
	folder = mem_text_n(path, (size_t)(slash - path));
	places_add(places, folder, use);
	mem_free_text(&folder);
}

static void
places_add_file(struct places *places, const char *path, enum place_use use)
{
	char *target;

	if (path == NULL || *path == '\0')
		return;
	places_add_folder_of(places, path, use);
	target = realpath(path, NULL);
	if (target != NULL && strcmp(target, path) != 0)
		places_add_folder_of(places, target, use);
	free(target);
}

/* Credentials have a folder of their own. */
static void
places_add_secret(struct places *places, const char *name, enum place_use use)
{
	if (name != NULL && *name != '\0' && !file_is_credential(name))
		places_add_file(places, name, use);
}

static void
places_add_directory(struct places *places, const struct conf_directory *directory)
{
	places_add_secret(places, directory->bind_password_file, PLACE_READ);
	places_add_file(places, directory->ca_file, PLACE_READ);
	places_add_file(places, directory->certificate_file, PLACE_READ);
	places_add_secret(places, directory->key_file, PLACE_READ);
}

/* A new file at each rotation; beside the keys are the chain's state and the public key. */
static void
places_add_audit(struct places *places, const struct conf_audit *audit)
{
	if (audit->path == NULL || *audit->path == '\0')
		return;
	places_add_file(places, audit->path, PLACE_WRITE);
	places_add_file(places, audit->key_file, PLACE_WRITE);
	places_add_file(places, audit->sign_file, PLACE_WRITE);
}

/* The one list: a path of the configuration that is opened after the start is named here. */
void
places_collect(const struct conf *conf, struct places *places_out)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	*places_out = (struct places){0};
	for (size_t i = 0; i < sizeof(system_places) / sizeof(system_places[0]); i++)
		places_add(places_out, system_places[i], PLACE_READ);
	places_add_file(places_out, resolver_file, PLACE_READ);
	for (char **file = conf->files; file != NULL && *file != NULL; file++)
		places_add_file(places_out, *file, PLACE_READ);
	places_add_directory(places_out, &conf->accounts.directory);
	for (size_t i = 0; i < conf->personnel_count; i++)
		places_add_directory(places_out, &conf->personnel[i].directory);
	places_add_file(places_out, conf->certificates.roots_file, PLACE_READ);
	places_add_file(places_out, conf->certificates.intermediates_file, PLACE_READ);
	places_add(places_out, conf->certificates.crl_folder, PLACE_READ);
	if (credentials != NULL)
		places_add(places_out, credentials, PLACE_READ);
	/* One that is missing is made at this start. */
	if (conf->identity.key_file != NULL)
		places_add_secret(places_out, conf->identity.key_file,
		    access(conf->identity.key_file, F_OK) == 0 ? PLACE_READ : PLACE_WRITE);
	places_add_secret(places_out, conf->journal.key_file, PLACE_WRITE); /* journal rekey */
	places_add_file(places_out, conf->journal.path, PLACE_WRITE);
	places_add_audit(places_out, &conf->audit);
	places_add_file(places_out, conf->listen.admin_socket, PLACE_SOCKET);
	if (conf->listen.address != NULL && *conf->listen.address == '/')
		places_add_file(places_out, conf->listen.address, PLACE_SOCKET);
	places_add_file(places_out, conf->listen.certificate_file, PLACE_READ);
	places_add_secret(places_out, conf->listen.key_file, PLACE_READ);
	places_add_file(places_out, conf->listen.client_ca_file, PLACE_READ);
}

void
places_fini(struct places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->list[i].path);
	free(places->list);
	*places = (struct places){0};
}
