# What `make up` does beside calling compose.

# Containers read these as users of their own, whatever umask the files were written under.
READABLE := proxy/nginx
READABLE += monitoring  # if metrics
READABLE += deploy/traffic  # if compose
.PHONY: readable
readable:
	@find $(READABLE) ! -perm -go=r -exec chmod go+rX {} +

# What it says in the end: where everything answers.
define say_addresses
@at=http://$$(docker compose port proxy 8080 | sed 's/^\(.*:.*\):/[\1]:/') && \
echo "service        $$at" && \
echo "documentation  $(if $(filter true,$(SECURITY_DOCS)),$$at/docs,off; make up SECURITY_DOCS=true turns it on)"
@echo "Prometheus     http://$$(docker compose port prometheus 9090)"  # if metrics
@echo "Grafana        off; docker compose --profile grafana up --detach turns it on"  # if metrics
@echo "schema         up to date; the container that migrated it has ended, as it should"  # if database
@echo "make ps shows what runs, make logs what it says, make down stops it"
endef
