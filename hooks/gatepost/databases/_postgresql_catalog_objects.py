"""What is neither table, type nor routine in PostgreSQL's catalogs: triggers, policies, extensions, and so on.

Each query gives rows of one form: kind, name (with its schema in ``space``), the table in ``relation`` where it
belongs to one, definition, a JSON object of options, and what grants and comments need.
"""

from __future__ import annotations

from collections.abc import Mapping

from gatepost.databases._postgresql_catalog_names import Catalog, Row, pair
from gatepost.sql.schema import Object, Schema

_ON_TABLE = """
SELECT 'trigger' AS kind, 'pg_trigger' AS class, t.oid, t.tgname AS name, r.nspname AS table_space,
       c.relname AS on_table, NULL AS space, pg_get_triggerdef(t.oid) AS definition,
       json_build_object('enabled', CASE t.tgenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'
                                    WHEN 'A' THEN 'always' END) AS options
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace r ON r.oid = c.relnamespace
{13+ LEFT JOIN pg_trigger parent ON parent.oid = t.tgparentid AND t.tgparentid <> 0 ?: }
WHERE NOT t.tgisinternal AND {user r} AND {own pg_class c}
      AND {13+ parent.tgenabled IS DISTINCT FROM t.tgenabled ?: true}
UNION ALL
SELECT 'rule', 'pg_rewrite', w.oid, w.rulename, r.nspname, c.relname, NULL, pg_get_ruledef(w.oid),
       json_build_object('enabled', CASE w.ev_enabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'
                                    WHEN 'A' THEN 'always' END)
FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class JOIN pg_namespace r ON r.oid = c.relnamespace
WHERE w.rulename <> '_RETURN' AND {user r} AND {own pg_class c}
UNION ALL
SELECT 'policy', 'pg_policy', p.oid, p.polname, r.nspname, c.relname, NULL,
       CASE WHEN p.polpermissive THEN '' ELSE 'as restrictive ' END || 'for '
       || CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete'
          ELSE 'all' END
       || ' to ' || (SELECT string_agg(CASE o.role WHEN 0 THEN 'public' ELSE pg_get_userbyid(o.role)::text END, ', '
          ORDER BY CASE o.role WHEN 0 THEN 'public' ELSE pg_get_userbyid(o.role)::text END)
          FROM unnest(p.polroles) AS o(role))
       || coalesce(' using (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
       || coalesce(' with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),
       json_build_object()
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace r ON r.oid = c.relnamespace
WHERE {user r} AND {own pg_class c}
"""
_DATABASE_WIDE = """
SELECT 'schema' AS kind, 'pg_namespace' AS class, n.oid, NULL AS space, n.nspname AS name, '' AS definition,
       json_build_object('begun', n.nspowner IN (10, coalesce(to_regrole('pg_database_owner')::oid, 10))) AS options,
       {acl n n.nspacl n.nspowner}
FROM pg_namespace n WHERE {user n} AND {own pg_namespace n}
UNION ALL
SELECT 'extension', 'pg_extension', e.oid, NULL, e.extname, '',
       json_build_object('version', e.extversion, 'schema', n.nspname), NULL, NULL, pg_get_userbyid(e.extowner)
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
UNION ALL
SELECT 'event trigger', 'pg_event_trigger', t.oid, NULL, t.evtname, 'on ' || t.evtevent
       || coalesce(' when tag in (' || array_to_string(t.evttags, ', ') || ')', '')
       || ' execute function ' || t.evtfoid::regprocedure::text,
       json_build_object('enabled', CASE t.evtenabled WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'
                                    WHEN 'A' THEN 'always' END), NULL, NULL, pg_get_userbyid(t.evtowner)
FROM pg_event_trigger t WHERE {own pg_event_trigger t}
UNION ALL
SELECT 'language', 'pg_language', l.oid, NULL, l.lanname, json_build_array(l.lanpltrusted, l.lanplcallfoid::regproc,
       l.laninline::regproc, l.lanvalidator::regproc)::text, json_build_object(), {acl l l.lanacl l.lanowner}
FROM pg_language l WHERE l.oid >= 16384 AND {own pg_language l}
UNION ALL
SELECT 'language', 'pg_language', l.oid, NULL, l.lanname, '', json_build_object(), {acl l l.lanacl l.lanowner}
FROM pg_language l WHERE l.lanname = 'plpgsql' AND l.lanacl IS NOT NULL
UNION ALL
SELECT 'access method', 'pg_am', a.oid, NULL, a.amname, a.amtype::text || ' ' || a.amhandler::text,
       json_build_object(), NULL, NULL, NULL
FROM pg_am a WHERE a.oid >= 16384 AND {own pg_am a}
"""
_DEFAULT_PRIVILEGES = """
SELECT 'default privileges' AS kind, 'pg_default_acl' AS class, d.oid, NULL AS space,
       CASE d.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
       WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' ELSE d.defaclobjtype::text END || ' of '
       || pg_get_userbyid(d.defaclrole) || coalesce(' in ' || n.nspname, '') AS name,
       '' AS definition, json_build_object() AS options,
       d.defaclacl::text[] AS acl, CASE WHEN d.defaclnamespace = 0 THEN acldefault(
       CASE d.defaclobjtype WHEN 'S' THEN 's' ELSE d.defaclobjtype END, d.defaclrole)::text[] END AS usual,
       pg_get_userbyid(d.defaclrole) AS owner
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
"""
_OPERATORS = """
SELECT 'operator' AS kind, 'pg_operator' AS class, o.oid, n.nspname AS space, o.oprname || ' ('
       || CASE WHEN o.oprleft = 0 THEN 'none' ELSE format_type(o.oprleft, NULL) END || ', '
       || CASE WHEN o.oprright = 0 THEN 'none' ELSE format_type(o.oprright, NULL) END || ')' AS name,
       json_build_array(o.oprcode::text, o.oprresult::regtype::text, nullif(o.oprcom, 0)::regoperator::text,
       nullif(o.oprnegate, 0)::regoperator::text, o.oprrest::text, o.oprjoin::text, o.oprcanmerge, o.oprcanhash)::text
       AS definition, json_build_object() AS options, NULL::text[] AS acl, NULL::text[] AS usual,
       pg_get_userbyid(o.oprowner) AS owner
FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE {user n} AND {own pg_operator o}
UNION ALL
SELECT 'operator class', 'pg_opclass', o.oid, n.nspname, o.opcname || ' using ' || m.amname,
       json_build_array(o.opcintype::regtype::text, o.opcdefault, o.opckeytype::regtype::text, f.opfname)::text,
       json_build_object(), NULL, NULL, pg_get_userbyid(o.opcowner)
FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace JOIN pg_am m ON m.oid = o.opcmethod
JOIN pg_opfamily f ON f.oid = o.opcfamily WHERE {user n} AND {own pg_opclass o}
UNION ALL
SELECT 'operator family', 'pg_opfamily', f.oid, n.nspname, f.opfname || ' using ' || m.amname,
       json_build_array((SELECT json_agg(json_build_array(a.amoplefttype::regtype, a.amoprighttype::regtype,
           a.amopstrategy, a.amoppurpose, a.amopopr::regoperator) ORDER BY a.amoplefttype::regtype::text,
           a.amoprighttype::regtype::text, a.amopstrategy, a.amoppurpose) FROM pg_amop a WHERE a.amopfamily = f.oid),
           (SELECT json_agg(json_build_array(a.amproclefttype::regtype, a.amprocrighttype::regtype, a.amprocnum,
           a.amproc::regprocedure) ORDER BY a.amproclefttype::regtype::text, a.amprocrighttype::regtype::text,
           a.amprocnum) FROM pg_amproc a WHERE a.amprocfamily = f.oid))::text,
       json_build_object(), NULL, NULL, pg_get_userbyid(f.opfowner)
FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod
WHERE {user n} AND {own pg_opfamily f}
UNION ALL
SELECT 'cast', 'pg_cast', c.oid, NULL, format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL),
       json_build_array(nullif(c.castfunc, 0)::regprocedure::text, c.castcontext, c.castmethod)::text,
       json_build_object(), NULL, NULL, NULL
FROM pg_cast c WHERE c.oid >= 16384 AND {own pg_cast c}
UNION ALL
SELECT 'transform', 'pg_transform', t.oid, NULL, format_type(t.trftype, NULL) || ' language ' || l.lanname,
       json_build_array(t.trffromsql::regprocedure, t.trftosql::regprocedure)::text, json_build_object(),
       NULL, NULL, NULL
FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang WHERE {own pg_transform t}
UNION ALL
SELECT 'conversion', 'pg_conversion', c.oid, n.nspname, c.conname, json_build_array(
       pg_encoding_to_char(c.conforencoding), pg_encoding_to_char(c.contoencoding), c.conproc::text,
       c.condefault)::text,
       json_build_object(), NULL, NULL, pg_get_userbyid(c.conowner)
FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace WHERE {user n} AND {own pg_conversion c}
"""
_TEXTS = """
SELECT 'collation' AS kind, 'pg_collation' AS class, c.oid, n.nspname AS space, c.collname AS name,
       json_build_array(c.collprovider, c.collisdeterministic, c.collcollate, c.collctype,
       {17+ c.colllocale ?: {15+ c.colliculocale ?: NULL}}, {16+ c.collicurules ?: NULL},
       pg_encoding_to_char(c.collencoding))::text AS definition, json_build_object() AS options,
       pg_get_userbyid(c.collowner) AS owner
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace WHERE {user n} AND {own pg_collation c}
UNION ALL
SELECT 'text search configuration', 'pg_ts_config', c.oid, n.nspname, c.cfgname, json_build_array(p.prsname,
       (SELECT json_agg(json_build_array(t.alias, m.mapseqno, m.mapdict::regdictionary) ORDER BY t.tokid, m.mapseqno)
        FROM pg_ts_config_map m JOIN ts_token_type(c.cfgparser) t ON t.tokid = m.maptokentype
        WHERE m.mapcfg = c.oid))::text, json_build_object(), pg_get_userbyid(c.cfgowner)
FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace JOIN pg_ts_parser p ON p.oid = c.cfgparser
WHERE {user n} AND {own pg_ts_config c}
UNION ALL
SELECT 'text search dictionary', 'pg_ts_dict', d.oid, n.nspname, d.dictname,
       t.tmplname || coalesce(' ' || d.dictinitoption, ''), json_build_object(), pg_get_userbyid(d.dictowner)
FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
WHERE {user n} AND {own pg_ts_dict d}
UNION ALL
SELECT 'text search parser', 'pg_ts_parser', p.oid, n.nspname, p.prsname, json_build_array(p.prsstart::text,
       p.prstoken::text, p.prsend::text, p.prsheadline::text, p.prslextype::text)::text, json_build_object(), NULL
FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE {user n} AND {own pg_ts_parser p}
UNION ALL
SELECT 'text search template', 'pg_ts_template', t.oid, n.nspname, t.tmplname,
       json_build_array(t.tmplinit::text, t.tmpllexize::text)::text, json_build_object(), NULL
FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE {user n} AND {own pg_ts_template t}
UNION ALL
SELECT 'statistics', 'pg_statistic_ext', s.oid, n.nspname, s.stxname, pg_get_statisticsobjdef(s.oid),
       json_build_object('target', {13+ nullif(s.stxstattarget, -1) ?: NULL}), pg_get_userbyid(s.stxowner)
FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace WHERE {user n}
"""
_FOREIGN = """
SELECT 'foreign data wrapper' AS kind, 'pg_foreign_data_wrapper' AS class, w.oid, NULL AS space, w.fdwname AS name,
       json_build_array(nullif(w.fdwhandler, 0)::regproc, nullif(w.fdwvalidator, 0)::regproc)::text AS definition,
       json_build_object('options', array_to_string(w.fdwoptions, ', ')) AS options, {acl F w.fdwacl w.fdwowner}
FROM pg_foreign_data_wrapper w WHERE {own pg_foreign_data_wrapper w}
UNION ALL
SELECT 'server', 'pg_foreign_server', s.oid, NULL, s.srvname, w.fdwname || coalesce(' type ' || s.srvtype, ''),
       json_build_object('version', s.srvversion, 'options', array_to_string(s.srvoptions, ', ')),
       {acl S s.srvacl s.srvowner}
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE {own pg_foreign_server s}
UNION ALL
SELECT 'user mapping', 'pg_user_mapping', u.umid, NULL, u.usename || ' at ' || u.srvname, '', json_build_object(),
       NULL, NULL, NULL
FROM pg_user_mappings u
"""
_REPLICATION = """
SELECT 'publication' AS kind, 'pg_publication' AS class, p.oid, NULL AS space, p.pubname AS name,
       json_build_array(CASE WHEN p.puballtables THEN 'all tables' END,
       (SELECT string_agg(r.prrelid::regclass::text
            || {15+ coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
               FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs::int2[])) || ')', '')
               || coalesce(' where ' || pg_get_expr(r.prqual, r.prrelid), '') ?: ''}, ', '
            ORDER BY r.prrelid::regclass::text) FROM pg_publication_rel r WHERE r.prpubid = p.oid),
       {15+ (SELECT string_agg(n.nspname, ', ' ORDER BY n.nspname) FROM pg_publication_namespace s
            JOIN pg_namespace n ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid) ?: NULL},
       p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, {13+ p.pubviaroot ?: false})::text AS definition,
       json_build_object('generated columns', {18+ nullif(p.pubgencols, 'n') ?: NULL}) AS options,
       pg_get_userbyid(p.pubowner) AS owner
FROM pg_publication p
UNION ALL
SELECT 'subscription', 'pg_subscription', {14+ s.oid ?: 0}, NULL, s.subname, array_to_string(s.subpublications, ', '),
       json_build_object('enabled', CASE WHEN NOT s.subenabled THEN 'disabled' END), pg_get_userbyid(s.subowner)
FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE d.datname = current_database()
"""
OBJECTS = {
    "on tables": _ON_TABLE,
    "wide": _DATABASE_WIDE,
    "default privileges": _DEFAULT_PRIVILEGES,
    "operators": _OPERATORS,
    "texts": _TEXTS,
    "foreign": _FOREIGN,
    "replication": _REPLICATION,
}
_BEGINNING = {True: ["=U/x"], False: ["=UC/x"]}


def objects(catalog: Catalog, rows: Mapping[str, list[Row]], schema: Schema) -> None:
    """Put everything else into a schema."""
    for group in OBJECTS:
        for row in rows[group]:
            found = _object(catalog, row)
            place = f"{found.name} on {found.on}" if found.on else found.name
            schema.objects[found.kind, place] = found


def _object(catalog: Catalog, row: Row) -> Object:
    options: dict[str, str] = {}
    for key, value in row["options"].items():
        options |= pair(key, value)
    begun = options.pop("begun", None)
    if row["kind"] == "schema" and row["name"] == "public":
        row = {**row, "usual": [*_BEGINNING[catalog.major >= 15], *(row["usual"] or ())[:1]]}
        row = {**row, "owner": None if begun else row["owner"]}
    options |= catalog.beside(row, row["class"])
    on = catalog.place(row["table_space"], row["on_table"]) if row.get("on_table") else ""
    name = catalog.place(row["space"], row["name"])
    return Object(row["kind"], name, row["definition"] or "", on, options=tuple(sorted(options.items())))
