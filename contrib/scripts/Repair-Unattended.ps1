<#
.SYNOPSIS
Checks ESE databases and repairs those that need it, from the task scheduler.

.DESCRIPTION
The stores must be dismounted at that hour. edbmend refuses whatever is open, and nothing here overrides
a guard. A database that is open is tried again at the next run. There is no time limit: a repair that is
killed half-way has to be recovered. Set none in the task either.

Fill in Send-Word. The event source is created once, by an administrator:
New-EventLog -LogName Application -Source edbmend

Runs in Windows PowerShell 5.1 and in PowerShell 7.

The exit code is that of edbmend, 0 to 7. 7 never comes from an unattended run of edbmend. Here it says
that another run of this script is at work, and nothing was looked at.

.EXAMPLE
.\Repair-Unattended.ps1 -Database D:\mdbdata\priv1.edb, D:\mdbdata\pub1.edb -BackupDir E:\edbmend
#>
[CmdletBinding()]
param(
    [string[]] $Database = @(),
    [string] $Program = 'edbmend.exe',
    [string] $Reports = "$env:ProgramData\edbmend\reports",
    [string] $BackupDir = '',
    # Finish an interrupted operation by itself. Otherwise it is only said what recover would do.
    [switch] $Recover
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
# The report is UTF-8.
[Console]::OutputEncoding = [Text.Encoding]::UTF8

# Where the administrator reads it. Put mail or a ticket here. The event identifier is 1000 and the exit
# code, so that a task or a monitor can wait for it.
function Send-Word([string] $Level, [int] $Code, [string] $Text) {
    Write-Output ('{0}: {1}' -f $Level, $Text)
    try {
        Write-EventLog -LogName Application -Source edbmend -EntryType $Level -EventId (1000 + $Code) -Message $Text
    }
    catch {
        # Without the source, or in PowerShell 7, which has no Write-EventLog.
        Write-Verbose "event log: $_"
    }
}

function Get-Reason($Report) {
    $lines = foreach ($refusal in $Report.refusals) {
        '{0}: {1}: {2} {3}' -f $refusal.id, $refusal.path, $refusal.message, $refusal.remedy
    }
    $lines -join "`r`n"
}

# What differs by the refusal.
function Send-Refusal($Report) {
    foreach ($refusal in $Report.refusals) {
        switch ($refusal.id) {
            'in-use' { Send-Word Information 3 "Open, the next run tries again: $($refusal.path)" }
            'operation-pending' { Send-Word Error 3 "An earlier operation is unfinished or at work: $($refusal.path)" }
            'dirty-shutdown' { Send-Word Error 3 "Not cleanly dismounted, mount and dismount it: $($refusal.path)" }
            'no-space' { Send-Word Error 3 "No room for the backup: $($refusal.path): $($refusal.message)" }
            default { Send-Word Error 3 ('{0}: {1}: {2} {3}' -f $refusal.id, $refusal.path, $refusal.message, $refusal.remedy) }
        }
    }
}

# Says what each exit code means.
function Send-Outcome($Report) {
    switch ($Report.exit_code) {
        0 {
            foreach ($done in @($Report.databases | Where-Object { $_.outcome -eq 'committed' })) {
                if ($null -ne $done.operation) {
                    Send-Word Warning 0 ("Repaired: $($done.path). Mount the store and run a full backup at once. " +
                        "Undo: edbmend restore `"$($done.operation.dir)`"")
                }
            }
        }
        1 {
            foreach ($database in $Report.databases) {
                foreach ($finding in @($database.findings | Where-Object { $_.severity -eq 'error' })) {
                    Send-Word Warning 1 "$($finding.id): $($database.path): $($finding.message)"
                }
            }
        }
        2 { Send-Word Error 2 "This script called edbmend wrongly, nothing was looked at. $(Get-Reason $Report)" }
        3 { Send-Refusal $Report }
        4 { Send-Word Error 4 "Failed, nothing was changed. $(Get-Reason $Report)" }
        5 { Send-Word Error 5 "Failed while writing; the old header is back. Look at the disk. $(Get-Reason $Report)" }
        6 { Send-Word Error 6 "Unfinished. Do not mount. $(Get-Reason $Report)" }
        default { Send-Word Error 8 "edbmend ended with $($Report.exit_code), which it never should" }
    }
}

# Runs edbmend, keeps its report, says what it means, and returns it in $script:Last.
function Invoke-Edbmend([string] $Name, [string[]] $Arguments) {
    $file = Join-Path $Reports ('{0:yyyyMMddTHHmmssZ}-{1}-{2}.json' -f [DateTime]::UtcNow, $PID, $Name)
    # Progress goes to standard error and is left there. Windows PowerShell makes errors of it where it
    # is redirected.
    $text = (& $Program @Arguments --json --log-file (Join-Path $Reports 'edbmend.log')) -join "`n"
    $code = $LASTEXITCODE
    [IO.File]::WriteAllText($file, $text)
    try {
        $script:Last = ConvertFrom-Json $text
    }
    catch {
        Send-Word Error 8 ("edbmend $Name ended with $code and without a report. If it was killed, an operation " +
            'may be pending: edbmend recover')
        exit $code
    }
    Send-Outcome $script:Last
}

# Which way an interrupted operation would go is told first. Whether it may go there by itself is the
# administrator's choice.
function Invoke-Recovery([string] $Path) {
    Invoke-Edbmend 'recover-dry-run' @('recover', '--dry-run', $Path)
    if ($script:Last.exit_code -ne 0) { return }
    $ways = foreach ($pending in $script:Last.databases) {
        if ($pending.PSObject.Properties['direction']) { $pending.direction }
    }
    Send-Word Warning 6 "${Path}: recover would go this way: $($ways -join ', ')"
    if ($Recover) {
        Invoke-Edbmend 'recover' @('recover', '--yes', $Path)
    }
    else {
        $script:Last.exit_code = 6
    }
}

function Get-Pending($Report) {
    foreach ($database in $Report.databases) {
        if (@($database.findings | Where-Object { $_.id -eq 'operation-pending' }).Count -gt 0) { $database.path }
    }
}

# The output of the functions above is what Send-Word prints; the code is $script:Last.exit_code.
function Invoke-Unattended {
    Invoke-Edbmend 'check' (@('check') + $Database)
    # 0: nothing is wrong. 2 and 4: check could not make sense of a file; so could no repair.
    if ($script:Last.exit_code -ne 1) { return }
    $pending = @(Get-Pending $script:Last)
    foreach ($path in $pending) {
        Invoke-Recovery $path
        if ($script:Last.exit_code -ne 0) { return }
    }
    if ($pending.Count -gt 0) {
        Invoke-Edbmend 'check' (@('check') + $Database)
        if ($script:Last.exit_code -ne 1) { return }
    }
    $options = @('repair', '--yes')
    if ($BackupDir) { $options += @('--backup-dir', $BackupDir) }
    Invoke-Edbmend 'repair' ($options + $Database)
    if ($script:Last.exit_code -eq 6) {
        foreach ($unfinished in @($script:Last.databases | Where-Object { $_.outcome -eq 'pending' })) {
            Invoke-Recovery $unfinished.path
        }
    }
    if ($script:Last.exit_code -ne 0) { return }
    # What a repair does not mend is still there, and the exit code says so.
    Invoke-Edbmend 'check-after' (@('check') + $Database)
}

$script:Last = $null
$mutex = New-Object System.Threading.Mutex($false, 'Global\edbmend-unattended')
try {
    $mine = $mutex.WaitOne(0)
}
catch [System.Threading.AbandonedMutexException] {
    # The run before this one was killed. The mutex is ours; check tells what it left.
    $mine = $true
}
if (-not $mine) {
    Send-Word Warning 7 'Another run of this script is at work: nothing was done'
    exit 7
}
try {
    New-Item -ItemType Directory -Force -Path $Reports | Out-Null
    Invoke-Unattended
    exit $script:Last.exit_code
}
finally {
    $mutex.ReleaseMutex()
}
